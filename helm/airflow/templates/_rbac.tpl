{{/* Roles and who holds them. In multiNamespaceMode a role holds in every namespace, and its name tells whose it is. */}}

{{/* <fullname>-<name>, after the namespace where cluster-wide. Argument: dict root, name, clusterWide. */}}
{{- define "airflow.rbac.name" -}}
{{- if .clusterWide }}{{ .root.Release.Namespace }}-{{ end }}{{ include "airflow.fullname" .root }}-{{ .name }}
{{- end }}

{{/* Head of a Role or RoleBinding, or of their cluster-wide kind. Argument: dict root, kind, name, clusterWide. */}}
{{- define "airflow.rbac.head" -}}
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ if .clusterWide }}Cluster{{ end }}{{ .kind }}
metadata:
  {{- include "airflow.metadata" (dict
        "root" .root
        "name" (include "airflow.rbac.name" .)
        "namespace" (ternary "" .root.Release.Namespace .clusterWide)
        "extraLabels" (ternary (dict "namespace" .root.Release.Namespace) dict .clusterWide)) | nindent 2 }}
{{- end }}

{{/* A role up to its rules. Argument: dict root, name, clusterWide. */}}
{{- define "airflow.role" -}}
{{- include "airflow.rbac.head" (merge (dict "kind" "Role" "name" (printf "%s-role" .name)) .) }}
{{- end }}

{{/*
A binding. Argument: dict root, name, clusterWide, accounts (names of service accounts); and clusterRole where the role is none of ours.
*/}}
{{- define "airflow.roleBinding" -}}
{{- include "airflow.rbac.head" (merge (dict "kind" "RoleBinding" "name" (printf "%s-rolebinding" .name)) .) }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: {{ if or .clusterRole .clusterWide }}Cluster{{ end }}Role
  name: {{ .clusterRole | default (include "airflow.rbac.name" (merge (dict "name" (printf "%s-role" .name)) .)) | quote }}
subjects:
  {{- range .accounts }}
  - kind: ServiceAccount
    name: {{ . | quote }}
    namespace: {{ $.root.Release.Namespace | quote }}
  {{- end }}
{{- end }}

{{/*
Names of the accounts that start pods and jobs, separated by blanks: what runs tasks, or starts what runs tasks.
Argument: the root context.
*/}}
{{- define "airflow.rbac.launchers" -}}
{{- if or (include "airflow.executor.local" .) (include "airflow.executor.kubernetes" .) }}
{{- include "airflow.serviceAccountName" (dict "root" . "values" .Values.scheduler "suffix" "scheduler") }}{{ " " }}
{{- end }}
{{- include "airflow.workers.accountNames" . }}
{{- end }}

{{/* Name of the account that reads logs of pods for the user interface, or nothing. Argument: the root context. */}}
{{- define "airflow.rbac.podLogReader" -}}
{{- $reader := dict "root" . "values" .Values.webserver "suffix" "webserver" }}
{{- if include "airflow.version.three" . }}
{{- $reader = dict "root" . "values" .Values.apiServer "suffix" "api-server" }}
{{- end }}
{{- if and .Values.rbac.create $reader.values.allowPodLogReading }}{{ include "airflow.serviceAccountName" $reader }}{{ end }}
{{- end }}

{{/*
"true" where its role is made. The official chart asks the webserver's key even where the API server reads the logs, so that a binding
may lack its role. Argument: the root context.
*/}}
{{- define "airflow.rbac.podLogRole" -}}
{{- if include "airflow.policy.official" . }}{{ if and .Values.rbac.create .Values.webserver.allowPodLogReading }}true{{ end }}
{{- else if include "airflow.rbac.podLogReader" . }}true
{{- end }}
{{- end }}
