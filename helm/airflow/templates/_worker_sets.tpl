{{/* Celery workers of a zone, or of one tenant: sets of workers with an account, a broker user and a network policy of their own. */}}

{{/*
Puts into *result*, under "sets", one dict for each: name, zone, queues, account, settings (queues, brokerSecretName, networkPolicy, serviceAccount, workers),
agent ("true" where they have a secrets agent: an environment is named, and with it where its secrets are) and, of a tenant's own, tenant.
The accounts are those that the secrets store lets in: aerodrome.names.worker_account. Argument: list root result.
*/}}
{{- define "airflow.workerSets" -}}
{{- $root := index . 0 }}
{{- $defaults := $root.Values.zoneWorkers.defaults }}
{{- $sets := list }}
{{- range $zone, $given := $root.Values.zoneWorkers.zones }}
{{- $settings := dict }}
{{- include "airflow.overlay" (list $settings $defaults ($given | default dict)) }}
{{- if not $settings.queues }}{{ fail (printf "\nzoneWorkers.zones.%s.queues: is empty: name the queues that the zone's workers serve" $zone) }}{{ end }}
{{- if hasPrefix "tenant_" $zone }}{{ fail (printf "\nzoneWorkers.zones.%s: tenants' own workers are called so: choose another name" $zone) }}{{ end }}
{{- $name := $zone | replace "_" "-" }}
{{- $sets = append $sets (dict "name" $name "suffix" $name "zone" $zone "settings" $settings) }}
{{- end }}
{{- $tenants := dict }}
{{- include "airflow.tenants" (list $root $tenants) }}
{{- range $tenants.tenants }}
{{- if .values.workers.enabled }}
{{- $settings := dict }}
{{- include "airflow.overlay" (list $settings $defaults (omit .values.workers "enabled" "zone")) }}
{{- $zone := .values.workers.zone | default (first .zones).name }}
{{- $name := printf "tenant-%s" .name }}
{{- $sets = append $sets (dict "name" $name "suffix" (printf "%s-%s" $name ($zone | replace "_" "-")) "zone" $zone "settings" $settings "tenant" .name) }}
{{- end }}
{{- end }}
{{- $agent := and $root.Values.tenancy.environment (include "airflow.agent.enabled" $root) }}
{{- range $sets }}
{{- $_ := set . "account" (printf "%s-worker-%s" (include "airflow.fullname" $root) .suffix) }}
{{- $_ := set . "agent" (ternary "true" "" (not (empty $agent))) }}
{{- end }}
{{- $mistakes := include "airflow.agent.mistakes" $root | trim }}
{{- if and $sets $agent $mistakes }}{{ fail (printf "\n%s" $mistakes) }}{{ end }}
{{- if and $sets (include "airflow.logs.sent" $root) }}
{{- $wrong := include "airflow.logs.mistakes" $root | trim | splitList "\n" | compact }}
{{- range $sets }}
{{- if not .settings.logsRole }}
{{- $key := ternary (printf "tenants.%s.workers" (toString .tenant)) (printf "zoneWorkers.zones.%s" .zone) (not (empty .tenant)) }}
{{- $wrong = append $wrong (printf "%s.logsRole: is empty: name the role by which their logs are sent, or write tenancy.logs.store: none" $key) }}
{{- end }}
{{- end }}
{{- if $wrong }}{{ fail (printf "\n%s" (join "\n" $wrong)) }}{{ end }}
{{- end }}
{{- if and $sets (not (include "airflow.executor.celery" $root)) }}
{{- fail (printf "\nzoneWorkers, tenants.*.workers: executor %q has no Celery workers: write CeleryExecutor,KubernetesExecutor" $root.Values.executor) }}
{{- end }}
{{- $_ := set (index . 1) "sets" $sets }}
{{- end }}

{{/* "true" where some Celery workers of the release are in a set, of any kind. Argument: the root context. */}}
{{- define "airflow.workers.inSets" -}}
{{- $result := dict "sets" list }}
{{- if not (hasKey . "release") }}{{ include "airflow.workerSets" (list . $result) }}{{ end }}
{{- if or .Values.workers.celery.sets $result.sets }}true{{ end }}
{{- end }}

{{/* Puts into *result*, under "root", a context in which the chart's workers are this set and no other. Argument: list root set result. */}}
{{- define "airflow.workerSet.context" -}}
{{- $root := index . 0 }}
{{- $set := index . 1 }}
{{- $workers := $root.Values.workers }}
{{- $own := $set.settings.workers }}
{{- $broker := $set.settings.brokerSecretName }}
{{- $env := concat (include "airflow.workerSet.env" (list $root $set) | fromYamlArray) ($workers.env | default list) ($own.env | default list) }}
{{- $labels := merge (dict "aerodrome/zone" $set.zone) ($own.labels | default dict) ($workers.labels | default dict) }}
{{- if $set.tenant }}{{ $_ := set $labels "aerodrome/tenant" $set.tenant }}{{ end }}
{{- $entry := dict }}
{{- $different := dict }}
{{- if $broker }}
{{- /* A user of its own may listen neither to other workers nor to Celery's remote control, by which the chart's probe asks. */}}
{{- $command := list "airflow" "celery" "worker" "--queues" (join "," $set.settings.queues) "--without-mingle" "--without-gossip" }}
{{- $different = dict "livenessProbe" (dict "enabled" false) "args" $command }}
{{- end }}
{{- include "airflow.overlay" (list $entry $different $own) }}
{{- if include "airflow.logs.sent" $root }}
{{- $annotations := $own.podAnnotations | default $workers.celery.podAnnotations | default $workers.podAnnotations | default dict }}
{{- $digest := include "airflow.workerSet.logsSettings" (list $root $set) | sha256sum }}
{{- $_ := set $entry "podAnnotations" (merge (dict "checksum/logs-sender" $digest) $annotations) }}
{{- $_ := set $entry "logsSender" (include "airflow.workerSet.logsName" $set) }}
{{- end }}
{{- if $set.agent }}
{{- $annotations := $entry.podAnnotations | default $workers.celery.podAnnotations | default $workers.podAnnotations | default dict }}
{{- $digest := include "airflow.workerSet.agentSettings" (list $root $set) | sha256sum }}
{{- $_ := set $entry "podAnnotations" (merge (dict "checksum/secrets-agent" $digest) $annotations) }}
{{- $_ := set $entry "secretsAgent" (include "airflow.workerSet.agentName" $set) }}
{{- end }}
{{- $_ := set $entry "name" $set.name }}
{{- $_ := set $entry "queue" (join "," $set.settings.queues) }}
{{- $_ := set $entry "env" $env }}
{{- $_ := set $entry "labels" $labels }}
{{- $account := dict "create" true "name" $set.account "automountServiceAccountToken" false "annotations" $set.settings.serviceAccount.annotations }}
{{- $celery := set (omit $workers.celery "serviceAccount") "sets" (list $entry) }}
{{- $changed := set (set (set (omit $workers "celery") "celery" (set $celery "serviceAccount" dict)) "enableDefault" false) "serviceAccount" $account }}
{{- $data := omit $root.Values.data "brokerUrlSecretName" }}
{{- $_ := set $data "brokerUrlSecretName" ($broker | default $root.Values.data.brokerUrlSecretName) }}
{{- $values := set (set (omit $root.Values "workers" "data") "workers" $changed) "data" $data }}
{{- $_ := set (index . 2) "root" (merge (dict "Values" $values "release" $root) (omit $root "Values")) }}
{{- end }}

{{/*
Variables of a set's workers: bookkeeping of their own in the broker, or they would take over what another zone's workers have not finished.
Argument: list root set.
*/}}
{{- define "airflow.workerSet.env" -}}
{{- $set := index . 1 }}
{{- if $set.agent }}
{{ include "airflow.agent.workersEnv" (index . 0) }}
{{- end }}
{{- if $set.settings.brokerSecretName }}
{{- range $key := list "unacked" "unacked_index" "unacked_mutex" }}
- name: AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS__{{ upper $key }}_KEY
  value: {{ printf "%s.%s" $key $set.name | quote }}
{{- end }}
- name: AIRFLOW__CELERY__WORKER_ENABLE_REMOTE_CONTROL
  value: "False"
{{- end }}
{{- end }}

{{/* The config map with the settings of a set's secrets agent. Argument: set. */}}
{{- define "airflow.workerSet.agentName" -}}{{ .account }}-agent{{ end }}

{{/* Argument: list root set. */}}
{{- define "airflow.workerSet.agentSettings" -}}
{{- $set := index . 1 }}
{{- include "airflow.agent.settings" (dict "root" (index . 0) "zone" $set.zone "tenant" $set.tenant "workers" (not (empty $set.tenant))) }}
{{- end }}

{{/* The config map with the settings of what sends a set's logs. Argument: set. */}}
{{- define "airflow.workerSet.logsName" -}}{{ .account }}-logs{{ end }}

{{/* Argument: list root set. */}}
{{- define "airflow.workerSet.logsSettings" -}}
{{- $set := index . 1 }}
{{- include "airflow.logs.settings" (dict "root" (index . 0) "zone" $set.zone "role" $set.settings.logsRole "grace" 60) }}
{{- end }}

{{/* Annotations of a set's account: the role in Vault that lets it in is told to who reads them. Argument: list root set. */}}
{{- define "airflow.workerSet.accountAnnotations" -}}
{{- $root := index . 0 }}
{{- $set := index . 1 }}
{{- $annotations := $set.settings.serviceAccount.annotations | default dict }}
{{- if and $set.agent (eq $root.Values.tenancy.secrets.store "vault") }}
{{- $role := include "airflow.agent.vaultRole" (dict "root" $root "zone" $set.zone "tenant" $set.tenant "workers" (not (empty $set.tenant))) }}
{{- $annotations = merge (dict "aerodrome/vault-role" $role) $annotations }}
{{- end }}
{{- toYaml $annotations }}
{{- end }}
