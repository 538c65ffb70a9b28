{{/* What the company's policy adds and forbids (deploymentPolicy). With the profile "official" all of it is silent. */}}

{{/* "true" with the profile of the official chart. Argument: the root context. */}}
{{- define "airflow.policy.official" -}}
{{- if eq (.Values.deploymentPolicy | default dict).profile "official" }}true{{ end }}
{{- end }}

{{/*
Rules of deploymentPolicy.exceptions that do not hold for the component, separated by blanks. Argument: dict root, component.
*/}}
{{- define "airflow.policy.excepted" -}}
{{- $rules := list }}
{{- range $rule, $reasons := (.root.Values.deploymentPolicy | default dict).exceptions }}
{{- if or (hasKey $reasons "all") (hasKey $reasons ($.component | default "")) }}{{ $rules = append $rules $rule }}{{ end }}
{{- end }}
{{- join " " $rules }}
{{- end }}

{{/* "true" where the rule does not hold for the component. Argument: dict root, component, rule. */}}
{{- define "airflow.policy.excepts" -}}
{{- if has .rule (include "airflow.policy.excepted" . | splitList " ") }}true{{ end }}
{{- end }}

{{/*
The exceptions of a component, as a text for people: "rule: reason; …". Argument: dict root, component.
*/}}
{{- define "airflow.policy.reasons" -}}
{{- $reasons := list }}
{{- if not (include "airflow.policy.official" .root) }}
{{- range $rule, $given := (.root.Values.deploymentPolicy | default dict).exceptions }}
{{- with get $given ($.component | default "") | default $given.all }}{{ $reasons = append $reasons (printf "%s: %s" $rule (trim .)) }}{{ end }}
{{- end }}
{{- end }}
{{- join "; " $reasons }}
{{- end }}

{{/*
Keeps what the policy refuses for check-values.yaml, which tells all of it at once; Helm renders that file last. Should it have been
rendered already, the refusal comes from here. Argument: dict root, component, rule, text (what is wrong; what to do).
*/}}
{{- define "airflow.policy.refuse" -}}
{{- if not (include "airflow.policy.excepts" .) }}
{{- $policy := .root.Values.deploymentPolicy }}
{{- $text := printf "%s, or give the reason in deploymentPolicy.exceptions.%s.%s" .text .rule .component }}
{{- if $policy.told }}{{ fail (printf "\n\nThese values cannot be:\n  - %s\n" $text) }}{{ end }}
{{- $_ := set $policy "refused" (append ($policy.refused | default list) $text | uniq) }}
{{- end }}
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
{{- if and (include "airflow.policy.leastSecrets" .root) (not (include "airflow.policy.excepts" (dict "root" .root "component" .component "rule" "secrets"))) }}
{{- /* Airflow's commands look at the database before they start, the one that deletes pods too. */}}
{{- $jobs := list "run-airflow-migrations" "create-user-job" "database-cleanup" "airflow-cleanup-pods" }}
{{- $servers := list "api-server" "scheduler" "dag-processor" "triggerer" }}
{{- $platform := list "database-backup" "roles" "results-collector" }}
{{- $celery := list "scheduler" "worker" "flower" }}
{{- $holders := dict
      "AIRFLOW__CORE__SQL_ALCHEMY_CONN" (concat $servers $jobs)
      "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN" (concat $servers $jobs $platform)
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
The user of a pod whose image brings one of its own, and the group of its volumes. Root is the official chart's choice for Redis, whose
image has the user 999. Argument: dict root, uid, component.
*/}}
{{- define "airflow.policy.user" -}}
{{- if or (include "airflow.policy.official" .root) (include "airflow.policy.excepts" (dict "root" .root "component" .component "rule" "nonRoot")) -}}
runAsUser: {{ .uid | int64 }}
{{- else -}}
{{- $user := .uid | default 999 | int64 -}}
runAsUser: {{ $user }}
fsGroup: {{ $user }}
{{- end }}
{{- end }}
