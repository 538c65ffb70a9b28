{{/* Service accounts. */}}

{{/*
The ServiceAccount of a component, unless it uses one that exists.
Argument: dict root, values (holds serviceAccount and labels), suffix (of its name), component (its label); and where wanted
leaveTokenToPod (the pod says by itself whether it mounts a token).
*/}}
{{- define "airflow.serviceAccount" -}}
{{- $account := .values.serviceAccount }}
{{- if $account.create }}
apiVersion: v1
kind: ServiceAccount
metadata:
  {{- include "airflow.metadata" (dict
        "root" .root
        "name" (include "airflow.serviceAccountName" .)
        "component" .component
        "labels" .values.labels
        "annotations" $account.annotations) | nindent 2 }}
{{- if not .leaveTokenToPod }}
automountServiceAccountToken: {{ $account.automountServiceAccountToken }}
{{- end }}
{{- end }}
{{- end }}

{{/*
Values for airflow.serviceAccount and airflow.serviceAccountName of the workers of one kind, as YAML: the keys that
workers.<kind>.serviceAccount leaves out come from workers.serviceAccount.
Argument: list root kind (celery or kubernetes).
*/}}
{{- define "airflow.workers.accountValues" -}}
{{- $workers := (index . 0).Values.workers }}
{{- $account := dict }}
{{- include "airflow.overlay" (list $account $workers.serviceAccount (get $workers (index . 1)).serviceAccount) }}
{{- dict "serviceAccount" $account "labels" $workers.labels | toYaml }}
{{- end }}

{{/*
Name of the service account of the workers of one kind: one for both kinds, unless useWorkerDedicatedServiceAccounts.
Argument: list root kind (celery or kubernetes).
*/}}
{{- define "airflow.workers.accountName" -}}
{{- $root := index . 0 }}
{{- if $root.Values.workers.useWorkerDedicatedServiceAccounts }}
{{- include "airflow.serviceAccountName" (dict
      "root" $root
      "values" (include "airflow.workers.accountValues" . | fromYaml)
      "suffix" (printf "worker-%s" (index . 1))) }}
{{- else }}
{{- $values := $root.Values.workers }}
{{- /* The official chart names an account here that it then does not make. */}}
{{- if include "airflow.policy.official" $root }}{{ $values = include "airflow.workers.accountValues" . | fromYaml }}{{ end }}
{{- include "airflow.serviceAccountName" (dict "root" $root "values" $values "suffix" "worker") }}
{{- end }}
{{- end }}

{{/* Names of all accounts that workers run as, separated by blanks. Argument: the root context. */}}
{{- define "airflow.workers.accountNames" -}}
{{- $names := list }}
{{- if include "airflow.executor.celery" . }}{{ $names = append $names (include "airflow.workers.accountName" (list . "celery")) }}{{ end }}
{{- if include "airflow.executor.kubernetes" . }}{{ $names = append $names (include "airflow.workers.accountName" (list . "kubernetes")) }}{{ end }}
{{- uniq $names | join " " }}
{{- end }}
