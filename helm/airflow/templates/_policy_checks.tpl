{{/* What the company's policy refuses in the values; what it refuses in pods: _policy_pod.tpl. Arguments where nothing else is said: list root problems. */}}

{{/* What only the company's policy refuses. */}}
{{- define "airflow.check.policy" -}}
{{- $root := index . 0 }}
{{- $problems := index . 1 }}
{{- if not (include "airflow.policy.official" $root) }}
{{- range $root.Values.workers.celery.sets }}
{{- include "airflow.check.note" (list $problems (not .queue)
      (printf "workers.celery.sets[%s].queue: the set would take tasks from the queue of the other workers; name its own queue" .name)) }}
{{- end }}
{{- range $component, $persistence := dict "worker" $root.Values.workers.persistence "triggerer" $root.Values.triggerer.persistence }}
{{- $celery := and (eq $component "worker") $root.Values.workers.celery.persistence.fixPermissions }}
{{- $wanted := and (or $persistence.fixPermissions $celery) (not (include "airflow.policy.excepts" (dict "root" $root "component" $component "rule" "nonRoot"))) }}
{{- include "airflow.check.note" (list $problems $wanted
      (printf "%s.persistence.fixPermissions: needs a container that runs as root; leave it false: the volume belongs to the pod's group (gid)"
        (ternary (ternary "workers.celery" "workers" (not (empty $celery))) $component (eq $component "worker")))) }}
{{- end }}
{{- $url := $root.Values.data.brokerUrl | default "" }}
{{- include "airflow.check.note" (list $problems (and (include "airflow.policy.resultsInBroker" $root) (hasPrefix "amqp" $url))
      "data.brokerUrl: RabbitMQ keeps no results, and workers do not reach the database; set data.resultBackendSecretName or data.resultBackendConnection") }}
{{- include "airflow.check.exceptions" . }}
{{- include "airflow.check.config" . }}
{{- include "airflow.check.tenantImages" $root }}
{{- end }}
{{- end }}

{{/* Exceptions from the policy name a component that there is, and a reason. */}}
{{- define "airflow.check.exceptions" -}}
{{- $problems := index . 1 }}
{{- $components := append (include "airflow.policy.sections" nil | fromYaml | keys | sortAlpha) "all" }}
{{- range $rule, $reasons := (index . 0).Values.deploymentPolicy.exceptions }}
{{- range $component, $reason := $reasons }}
{{- $key := printf "deploymentPolicy.exceptions.%s.%s" $rule $component }}
{{- include "airflow.check.note" (list $problems (not (trim $reason)) (printf "%s: has no reason; write in a sentence why the rule does not hold there" $key)) }}
{{- include "airflow.check.note" (list $problems (not (has $component $components))
      (printf "%s: there is no such component; write one of %s" $key (join ", " $components))) }}
{{- end }}
{{- end }}
{{- end }}

{{/* airflow.cfg is in every pod, those of the workers included. */}}
{{- define "airflow.check.config" -}}
{{- $root := index . 0 }}
{{- if and (include "airflow.policy.leastSecrets" $root) (not (include "airflow.policy.excepts" (dict "root" $root "component" "worker" "rule" "secrets"))) }}
{{- range list
      (list "core" "fernet_key" "fernetKeySecretName")
      (list "core" "sql_alchemy_conn" "data.metadataSecretName")
      (list "database" "sql_alchemy_conn" "data.metadataSecretName")
      (list "api" "secret_key" "apiSecretKeySecretName")
      (list "api_auth" "jwt_secret" "jwtSecretName") }}
{{- $given := get (get $root.Values.config (index . 0) | default dict) (index . 1) }}
{{- include "airflow.check.note" (list (index $ 1) $given (printf
      "config.%s.%s: airflow.cfg is in every pod, also where the secret may not be; write it into a secret and name that in %s, or give the reason in deploymentPolicy.exceptions.secrets.worker"
      (index . 0) (index . 1) (index . 2))) }}
{{- end }}
{{- end }}
{{- end }}

{{/* Images of tenants' own. Argument: the root context. */}}
{{- define "airflow.check.tenantImages" -}}
{{- range $tenant, $given := .Values.tenants }}
{{- $image := merge (dict) (($given | default dict).image | default dict) $.Values.tenancy.defaults.image }}
{{- if $image.repository }}
{{- include "airflow.policy.image" (dict "root" $ "component" "tenants" "key" (printf "tenants.%s.image" $tenant) "image" (include "airflow.image.reference" $image)) }}
{{- end }}
{{- end }}
{{- end }}
