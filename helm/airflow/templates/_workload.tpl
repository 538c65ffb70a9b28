{{/* Deployments and StatefulSets of Airflow's components. */}}

{{/*
The whole object.
Argument: dict root, component, values (its section: annotations, labels, revisionHistoryLimit, strategy, updateStrategy …), name, kind, pod (text
of the spec, see airflow.pod.spec), checksums (see airflow.podMetadata); and where wanted strategy (text, in place of the section's),
objectLabels (of the object alone), extraLabels (also of its pods and selector), persistence (section of a StatefulSet's volume of the logs).
*/}}
{{- define "airflow.workload" -}}
apiVersion: apps/v1
kind: {{ .kind }}
metadata:
  {{- include "airflow.metadata" (dict "root" .root "name" .name "component" .component "annotations" .values.annotations "extraLabels" .objectLabels) | nindent 2 }}
spec:
{{- if not (or (.values.keda | default dict).enabled (.values.hpa | default dict).enabled) }}
  replicas: {{ .values.replicas }}
{{- end }}
  {{- include "airflow.revisionHistoryLimit" . | indent 2 }}
  selector:
    matchLabels:
      {{- include "airflow.selectorLabels" . | nindent 6 }}
{{- include (printf "airflow.workload.of%s" .kind) . | indent 2 }}
  template:
    metadata:
      {{- include "airflow.podMetadata" . | nindent 6 }}
    spec:
      {{- .pod | nindent 6 }}
{{- end }}

{{/* What only a Deployment has. Argument: as airflow.workload. */}}
{{- define "airflow.workload.ofDeployment" -}}
{{- with .strategy | default .values.strategy }}
strategy:
  {{- include "airflow.render" (list . $.root) | nindent 2 }}
{{- end }}
{{- end }}

{{/* What only a StatefulSet has: with a volume of its own for the logs, unless all share one. Argument: as airflow.workload. */}}
{{- define "airflow.workload.ofStatefulSet" }}
serviceName: {{ .name }}
{{- with .values.podManagementPolicy }}
podManagementPolicy: {{ . }}
{{- end }}
{{- with .values.updateStrategy }}
updateStrategy:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .persistence.persistentVolumeClaimRetentionPolicy }}
persistentVolumeClaimRetentionPolicy:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- $own := .values.volumeClaimTemplates }}
{{- $logs := not .root.Values.logs.persistence.enabled }}
{{- if or $logs $own }}
volumeClaimTemplates:
{{- if $logs }}
  {{- include "airflow.volumeClaim.logs" . | nindent 2 }}
{{- end }}
{{- with $own }}
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- end }}
