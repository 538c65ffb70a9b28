{{/* What all pods share. */}}

{{/*
The spec of a pod, completed by what the policy asks (_policy_pod.tpl).
Argument: dict root, component, values (the component's section), containers (text), serviceAccount (name); and where wanted
initContainers, volumes (texts), restartPolicy, antiAffinity (the component its pods keep apart from; no entry: none by default),
gracePeriod (seconds), uid (see airflow.security.pod), automount (false: no token of the service account), defaultScheduler (false: only
the section's own schedulerName counts), extraLabels (of the pods, beside the component's).
*/}}
{{- define "airflow.pod.spec" -}}
{{- if include "airflow.policy.official" .root }}{{ include "airflow.pod.given" . }}
{{- else }}
{{- include "airflow.policy.pod" (dict
      "root" .root "component" .component "values" .values "extraLabels" .extraLabels "given" (include "airflow.pod.given" .)) }}
{{- end }}
{{- end }}

{{/* The same as the values say it. */}}
{{- define "airflow.pod.given" -}}
{{- $values := .root.Values }}
{{- with .restartPolicy }}
restartPolicy: {{ . }}
{{- end }}
serviceAccountName: {{ .serviceAccount }}
{{- if hasKey . "automount" }}
automountServiceAccountToken: {{ .automount }}
{{- end }}
{{- if hasKey . "gracePeriod" }}
terminationGracePeriodSeconds: {{ .gracePeriod | int64 }}
{{- end }}
{{- with .values.runtimeClassName }}
runtimeClassName: {{ . }}
{{- end }}
{{- with .values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .values.schedulerName | default $values.schedulerName }}
schedulerName: {{ . }}
{{- end }}
{{- with .values.hostAliases }}
hostAliases:
  {{- toYaml . | nindent 2 }}
{{- end }}
nodeSelector:
  {{- .values.nodeSelector | default $values.nodeSelector | toYaml | nindent 2 }}
affinity:
  {{- include "airflow.pod.affinity" . | nindent 2 }}
tolerations:
  {{- .values.tolerations | default $values.tolerations | toYaml | nindent 2 }}
topologySpreadConstraints:
  {{- .values.topologySpreadConstraints | default $values.topologySpreadConstraints | toYaml | nindent 2 }}
imagePullSecrets:
  {{- include "airflow.imagePullSecrets" .root | nindent 2 }}
securityContext:
  {{- include "airflow.security.pod" . | nindent 2 }}
{{- with .initContainers | default "" | trim }}
initContainers:
  {{- . | nindent 2 }}
{{- end }}
containers:
  {{- .containers | trim | nindent 2 }}
{{- with .volumes | default "" | trim }}
volumes:
  {{- . | nindent 2 }}
{{- end }}
{{- end }}

{{/* The section's affinity, else the global one, else a wish to spread the component over the nodes. Argument: as airflow.pod.spec. */}}
{{- define "airflow.pod.affinity" -}}
{{- $given := .values.affinity | default .root.Values.affinity }}
{{- if or $given (not .antiAffinity) }}{{ toYaml $given }}
{{- else -}}
podAntiAffinity:
  preferredDuringSchedulingIgnoredDuringExecution:
    - podAffinityTerm:
        labelSelector:
          matchLabels:
            component: {{ .antiAffinity }}
        topologyKey: kubernetes.io/hostname
      weight: 100
{{- end }}
{{- end }}

{{/* Containers or init containers that the values add. Argument: list list root. */}}
{{- define "airflow.pod.extra" -}}
{{- with index . 0 }}{{ "\n" }}{{ include "airflow.render" (list . (index $ 1)) }}{{ end }}
{{- end }}

{{/* revisionHistoryLimit: the section's, else the global one; 0 counts. Argument: dict root, values. */}}
{{- define "airflow.revisionHistoryLimit" -}}
{{- $limit := ternary .root.Values.revisionHistoryLimit .values.revisionHistoryLimit (kindIs "invalid" .values.revisionHistoryLimit) }}
{{- if not (kindIs "invalid" $limit) }}
revisionHistoryLimit: {{ $limit }}
{{- end }}
{{- end }}
