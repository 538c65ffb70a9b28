{{/* What the company's policy adds and forbids (deploymentPolicy). With the profile "official" all of it is silent. */}}

{{/* "true" with the profile of the official chart. Argument: the root context. */}}
{{- define "airflow.policy.official" -}}
{{- if eq (.Values.deploymentPolicy | default dict).profile "official" }}true{{ end }}
{{- end }}

{{/*
"true" where each component holds only the secrets that it needs: with the company's profile since Airflow 3, whose workers reach the
database through the API server alone. Argument: the root context.
*/}}
{{- define "airflow.policy.leastSecrets" -}}
{{- if and (not (include "airflow.policy.official" .)) (include "airflow.version.three" .) }}true{{ end }}
{{- end }}

{{/*
Variables with secrets that the component may not hold, separated by blanks. A component that is not named here holds none of them.
Argument: dict root, component.
*/}}
{{- define "airflow.policy.forbiddenSecrets" -}}
{{- if include "airflow.policy.leastSecrets" .root }}
{{- /* Airflow's commands look at the database before they start, the one that deletes pods too. */}}
{{- $jobs := list "run-airflow-migrations" "create-user-job" "database-cleanup" "airflow-cleanup-pods" }}
{{- $servers := list "api-server" "scheduler" "dag-processor" "triggerer" }}
{{- $celery := list "scheduler" "worker" "flower" }}
{{- $holders := dict
      "AIRFLOW__CORE__SQL_ALCHEMY_CONN" (concat $servers $jobs)
      "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN" (concat $servers $jobs)
      "AIRFLOW_CONN_AIRFLOW_DB" (concat $servers $jobs)
      "KEDA_DB_CONN" (list "triggerer")
      "AIRFLOW__CORE__FERNET_KEY" $servers
      "AIRFLOW__API_AUTH__JWT_SECRET" (list "api-server" "scheduler")
      "AIRFLOW__API__SECRET_KEY" (list "api-server" "scheduler" "triggerer")
      "AIRFLOW__CELERY__BROKER_URL" $celery
      "AIRFLOW__CELERY__RESULT_BACKEND" $celery
      "AIRFLOW__CELERY__CELERY_RESULT_BACKEND" $celery }}
{{- $forbidden := list }}
{{- range $variable, $components := $holders }}
{{- if not (has $.component $components) }}{{ $forbidden = append $forbidden $variable }}{{ end }}
{{- end }}
{{- join " " $forbidden }}
{{- end }}
{{- end }}

{{/* "true" where the component may hold the URI of the metadata database. Argument: dict root, component. */}}
{{- define "airflow.policy.holdsDatabase" -}}
{{- if not (contains "AIRFLOW_CONN_AIRFLOW_DB" (include "airflow.policy.forbiddenSecrets" .)) }}true{{ end }}
{{- end }}

{{/*
"true" where Celery keeps its results in the broker: workers without the database cannot keep them there. Argument: the root context.
*/}}
{{- define "airflow.policy.resultsInBroker" -}}
{{- if and (include "airflow.policy.leastSecrets" .) (not (include "airflow.resultBackend.ownSecret" .)) }}true{{ end }}
{{- end }}

{{/*
Security context of a pod or container, given as YAML, completed to what Kubernetes calls restricted. What the values say themselves stays.
Argument: list root text kind ("pod" or "container").
*/}}
{{- define "airflow.policy.securityContext" -}}
{{- if include "airflow.policy.official" (index . 0) }}{{ index . 1 }}
{{- else }}
{{- $asked := dict "runAsNonRoot" true "seccompProfile" (dict "type" "RuntimeDefault") }}
{{- if eq (index . 2) "container" }}
{{- $asked = dict "allowPrivilegeEscalation" false "capabilities" (dict "drop" (list "ALL")) }}
{{- end }}
{{- $context := index . 1 | fromYaml }}
{{- range $key, $value := $asked }}
{{- if not (hasKey $context $key) }}{{ $_ := set $context $key $value }}{{ end }}
{{- end }}
{{- toYaml $context }}
{{- end }}
{{- end }}

{{/*
The user of a pod whose image brings one of its own, and the group of its volumes. Root is the official chart's choice for Redis, whose
image has the user 999. Argument: list root uid.
*/}}
{{- define "airflow.policy.user" -}}
{{- if include "airflow.policy.official" (index . 0) -}}
runAsUser: {{ index . 1 | int64 }}
{{- else -}}
{{- $user := index . 1 | default 999 | int64 -}}
runAsUser: {{ $user }}
fsGroup: {{ $user }}
{{- end }}
{{- end }}
