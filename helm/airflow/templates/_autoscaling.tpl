{{/* What changes the number of pods of a component. */}}

{{/*
HorizontalPodAutoscaler.
Argument: dict root, component, name (of the Deployment or StatefulSet), kind (of it), values (the section: hpa, labels); and where wanted minReplicas.
*/}}
{{- define "airflow.hpa" -}}
{{- $hpa := .values.hpa -}}
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  {{- include "airflow.autoscaling.metadata" . | nindent 2 }}
spec:
  scaleTargetRef:
    apiVersion: apps/v1
    kind: {{ .kind }}
    name: {{ .name }}
  {{- /* Kubernetes refuses 0, which the official chart asks for by default. */}}
  minReplicas: {{ include "airflow.policy.official" .root | empty | ternary (max 1 $hpa.minReplicaCount) $hpa.minReplicaCount }}
  maxReplicas: {{ $hpa.maxReplicaCount }}
  metrics:
    {{- toYaml $hpa.metrics | nindent 4 }}
{{- with $hpa.behavior }}
  behavior:
    {{- toYaml . | nindent 4 }}
{{- end }}
{{- end }}

{{/*
KEDA's ScaledObject that counts rows of the metadata database. It takes the connection from the pods it scales; where they hold none,
from the secret itself, through a TriggerAuthentication.
Argument: dict root (in its values the section says what the query's templates see), component, name, kind, values (the section: keda, labels).
*/}}
{{- define "airflow.keda" -}}
{{- $keda := .values.keda }}
{{- $mysql := eq .root.Values.data.metadataConnection.protocol "mysql" }}
{{- $own := not (empty (include "airflow.keda.ownConnection" (list .root $keda))) }}
{{- $inPod := include "airflow.policy.holdsDatabase" . -}}
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata:
  {{- include "airflow.autoscaling.metadata" . | nindent 2 }}
spec:
  scaleTargetRef:
    kind: {{ .kind }}
    name: {{ .name }}
    envSourceContainerName: {{ .component }}
  pollingInterval: {{ $keda.pollingInterval }}
  cooldownPeriod: {{ $keda.cooldownPeriod }}
  minReplicaCount: {{ $keda.minReplicaCount }}
  maxReplicaCount: {{ $keda.maxReplicaCount }}
{{- with $keda.advanced }}
  advanced:
    {{- toYaml . | nindent 4 }}
{{- end }}
  triggers:
    - type: {{ ternary "mysql" "postgresql" $mysql }}
      metadata:
        {{ ternary "queryValue" "targetQueryValue" $mysql }}: "1"
{{- if $inPod }}
        {{ ternary "connectionStringFromEnv" "connectionFromEnv" $mysql }}: {{ ternary "KEDA_DB_CONN" "AIRFLOW_CONN_AIRFLOW_DB" $own }}
{{- end }}
        query: {{ include "airflow.render" (list $keda.query .root) | quote }}
{{- if not $inPod }}
      authenticationRef:
        name: {{ .name }}
---
apiVersion: keda.sh/v1alpha1
kind: TriggerAuthentication
metadata:
  {{- include "airflow.autoscaling.metadata" . | nindent 2 }}
spec:
  secretTargetRef:
    - parameter: {{ ternary "connectionString" "connection" $mysql }}
      name: {{ include "airflow.secret.metadata" .root }}
      key: {{ ternary "kedaConnection" "connection" $own }}
{{- end }}
{{- end }}

{{/* Argument: as airflow.hpa. */}}
{{- define "airflow.autoscaling.metadata" -}}
{{- include "airflow.metadata" (dict
      "root" .root
      "name" .name
      "component" (printf "%s-horizontalpodautoscaler" .component)
      "labels" .values.labels
      "extraLabels" (dict "deploymentName" .name)) }}
{{- end }}
