{{/*
The secrets agent: a sidecar that alone can log in to the secrets store and to AWS, and the socket by which its pod's other container asks it.

    pod of a task               logs in as the tenant in this zone
    a tenant's own workers      the same
    workers of a zone           log in as the zone, which reads nothing, and become one tenant at a time
    collector of results        is a role of its own, and knows no secrets (platform/results-collector.yaml)

The pod's tokens for that are in a volume that no other container has: whoever is not the agent has nothing to log in with. They are for the store and for
AWS alone, and open neither the other nor the cluster.
*/}}

{{/* "true" where pods ask an agent: for secrets, or for the roles of large results. Argument: the root context. */}}
{{- define "airflow.agent.enabled" -}}
{{- if or (ne .Values.tenancy.secrets.store "none") (eq .Values.tenancy.results.store "s3") }}true{{ end }}
{{- end }}

{{/* "true" where the agent needs AWS. Argument: the root context. */}}
{{- define "airflow.agent.inAws" -}}
{{- if or (eq .Values.tenancy.secrets.store "ssm") (eq .Values.tenancy.results.store "s3") }}true{{ end }}
{{- end }}

{{/*
The container: a sidecar, which is there before what asks and ends after it.
Argument: dict root, name, image, security (text); and where wanted login (false: without the volume secrets-login).
*/}}
{{- define "airflow.agent.container" -}}
- name: {{ .name }}
  image: {{ .image }}
  imagePullPolicy: {{ .root.Values.images.airflow.pullPolicy }}
  restartPolicy: Always
  command: [python, -m, aerodrome_airflow.secrets.agent, --config, /etc/aerodrome/agent.json]
  securityContext:
    {{- .security | nindent 4 }}
  resources:
    {{- toYaml .root.Values.tenancy.secrets.resources | nindent 4 }}
  {{- /* Whether it answers at all; that the store is away is no reason to forget what serves meanwhile. */}}
  livenessProbe:
    exec:
      command: [python, -m, aerodrome_airflow.secrets.alive, /run/aerodrome/secrets/agent.sock]
    initialDelaySeconds: 20
    periodSeconds: 30
    timeoutSeconds: 10
    failureThreshold: 3
  volumeMounts:
    - {name: agent-settings, mountPath: /etc/aerodrome, readOnly: true}
    - {name: secrets, mountPath: /run/aerodrome/secrets}
    {{- if ne false .login }}
    - {name: secrets-login, mountPath: /var/run/secrets/aerodrome, readOnly: true}
    {{- end }}
{{- end }}

{{/* The socket of the agent, and the tokens that it alone sees. Argument: list root vault aws: which tokens. */}}
{{- define "airflow.agent.volumes" -}}
- name: secrets
  emptyDir: {medium: Memory, sizeLimit: 1Mi}
{{- if or (index . 1) (index . 2) }}
- name: secrets-login
  projected:
    defaultMode: 288
    sources:
      {{- with (index . 0).Values.tenancy.secrets.vault }}
      {{- if index $ 1 }}
      - serviceAccountToken:
          audience: {{ .audience }}
          expirationSeconds: {{ int64 .tokenSeconds }}
          path: token
      {{- end }}
      {{- end }}
      {{- if index . 2 }}
      - serviceAccountToken:
          audience: sts.amazonaws.com
          expirationSeconds: 3600
          path: aws-token
      {{- end }}
{{- end }}
{{- end }}

{{/* The same of pods that the environment's stores say it for. Argument: the root context. */}}
{{- define "airflow.agent.volumesOfTasks" -}}
{{- include "airflow.agent.volumes" (list . (eq .Values.tenancy.secrets.store "vault") (not (empty (include "airflow.agent.inAws" .)))) }}
{{- end }}

{{/*
agent.json. Without a tenant: of the workers of a zone, whom the store lets be each tenant of it.
Argument: dict root, zone; and where wanted tenant (name), workers (true: of the tenant's own workers).
*/}}
{{- define "airflow.agent.settings" -}}
{{- $tenancy := .root.Values.tenancy }}
{{- $secrets := $tenancy.secrets }}
{{- $said := dict
      "socket" "/run/aerodrome/secrets/agent.sock" "environment" $tenancy.environment "zone" .zone
      "fresh_seconds" (int64 $secrets.freshSeconds) "stale_seconds" (int64 $secrets.staleSeconds) }}
{{- if .tenant }}{{ $_ := set $said "tenants" (list .tenant) }}{{ end }}
{{- if eq $secrets.store "vault" }}
{{- $store := dict "kind" "vault" "url" $secrets.vault.address "kubernetes_mount" $secrets.vault.kubernetesMount "token_file" "/var/run/secrets/aerodrome/token" }}
{{- if $secrets.vault.caCertificate }}{{ $_ := set $store "ca_file" "/etc/aerodrome/secrets-store.crt" }}{{ end }}
{{- if not .tenant }}{{ $_ := set $store "mints" true }}
{{- else if .workers }}{{ $_ := set $store "role" (include "airflow.agent.vaultRole" .) }}
{{- end }}
{{- $_ := set $said "store" $store }}
{{- else if eq $secrets.store "ssm" }}
{{- $store := dict "kind" "ssm" "prefix" $secrets.ssm.prefix }}
{{- include "airflow.agent.account" (list $store $secrets.ssm .) }}
{{- /* A tenant's pods are told of no other's. */}}
{{- $roles := $secrets.ssm.connectionRoles }}
{{- if .tenant }}{{ $roles = pick $roles .tenant }}{{ end }}
{{- $_ := set $store "connection_roles" $roles }}
{{- $_ := set $said "store" $store }}
{{- end }}
{{- if eq $tenancy.results.store "s3" }}
{{- $results := dict }}
{{- include "airflow.agent.account" (list $results $tenancy.results.s3 .) }}
{{- $_ := set $said "results" $results }}
{{- end }}
{{- $said | toPrettyJson }}
{{- end }}

{{/* The role by which the pod logs in to Vault. Argument: as airflow.agent.settings. */}}
{{- define "airflow.agent.vaultRole" -}}
{{- $role := printf "aerodrome-%s.%s" .root.Values.tenancy.environment .zone }}
{{- with .tenant }}{{ $role = printf "%s.%s" $role . }}{{ end }}
{{- if .workers }}{{ $role = printf "%s.workers" $role }}{{ end }}
{{- $role }}
{{- end }}

{{/* Puts what the agent must know of an account of AWS into *result*. Argument: list result aws (its section) settings (argument of airflow.agent.settings). */}}
{{- define "airflow.agent.account" -}}
{{- $result := index . 0 }}
{{- $aws := index . 1 }}
{{- $_ := set $result "region" $aws.region }}
{{- $_ := set $result "number" (toString $aws.account) }}
{{- $_ := set $result "partition" $aws.partition }}
{{- $_ := set $result "token_file" "/var/run/secrets/aerodrome/aws-token" }}
{{- with $aws.endpoint }}{{ $_ := set $result "endpoint" . }}{{ end }}
{{- with index . 2 }}
{{- if not .tenant }}{{ $_ := set $result "agent_role" ($aws.agentRole | replace "{zone}" .zone) }}{{ end }}
{{- end }}
{{- end }}

{{/* What the one that asks must know, as rows of name and value in YAML. Nothing of it is secret. Argument: the root context. */}}
{{- define "airflow.agent.clientEnv" -}}
{{- $socket := "/run/aerodrome/secrets/agent.sock" }}
{{- $rows := list }}
{{- if ne .Values.tenancy.secrets.store "none" }}
{{- $rows = list
      (list "AIRFLOW__WORKERS__SECRETS_BACKEND" "aerodrome_airflow.secrets.TenantSecretsBackend")
      (list "AIRFLOW__WORKERS__SECRETS_BACKEND_KWARGS" (dict "socket" $socket | toJson))
      (list "AIRFLOW__LOGGING__SECRET_MASK_ADAPTER" "aerodrome_airflow.secrets.forms.forms") }}
{{- end }}
{{- if include "airflow.agent.enabled" . }}{{ $rows = append $rows (list "AIRFLOW__AERODROME__XCOM_AGENT_SOCKET" $socket) }}{{ end }}
{{- range $rows }}
- name: {{ index . 0 }}
  value: {{ index . 1 | quote }}
{{- end }}
{{- include "airflow.results.env" . }}
{{- end }}

{{/* Where results of tasks go. Argument: the root context. */}}
{{- define "airflow.results.env" -}}
{{- $results := .Values.tenancy.results }}
{{- if ne $results.store "none" }}
{{- $inline := int64 $results.inlineBytes }}
{{- /* Where there is no store, nothing that would need one is taken. */}}
{{- $rows := list (list "XCOM_STORE" "/tmp/results") (list "XCOM_LARGEST_BYTES" $inline) }}
{{- if eq $results.store "s3" }}
{{- $rows = list
      (list "XCOM_STORE" (printf "s3://%s/%s" $results.s3.bucket $results.s3.prefix))
      (list "XCOM_S3_REGION" $results.s3.region)
      (list "XCOM_S3_ENDPOINT" ($results.s3.endpoint | default ""))
      (list "XCOM_LARGEST_BYTES" (int64 $results.largestBytes)) }}
{{- end }}
- name: AIRFLOW__CORE__XCOM_BACKEND
  value: aerodrome_airflow.xcom.backend.TenantXCom
{{- range concat $rows (list (list "XCOM_INLINE_BYTES" $inline) (list "XCOM_SEALED_TENANTS" (join " " $results.encryptedTenants))) }}
- name: AIRFLOW__AERODROME__{{ index . 0 }}
  value: {{ index . 1 | toString | quote }}
{{- end }}
{{- end }}
{{- end }}
