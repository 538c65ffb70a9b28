{{/* Jobs that run Airflow once or by the clock. */}}

{{/*
Metadata of a job that belongs to a deploy: a hook of Helm, unless the section says no.
Argument: dict root, component, values (the section), name, weight (order among the hooks).
*/}}
{{- define "airflow.job.metadata" -}}
{{- $annotations := dict }}
{{- if .values.useHelmHooks }}
{{- $annotations = dict
      "helm.sh/hook" "post-install,post-upgrade"
      "helm.sh/hook-weight" (toString .weight)
      "helm.sh/hook-delete-policy" "before-hook-creation,hook-succeeded" }}
{{- end }}
{{- range $name, $text := .values.jobAnnotations }}{{ $_ := set $annotations $name $text }}{{ end }}
{{- include "airflow.metadata" (dict "root" .root "name" .name "component" .component "annotations" $annotations) }}
{{- end }}

{{/*
Pod of a job with one container that runs Airflow.
Argument: dict root, component, values (the section), container (its name), suffix (of the service account), restartPolicy; and where wanted
image, and first and plain of airflow.env.
*/}}
{{- define "airflow.job.pod" -}}
{{- $root := .root }}
{{- include "airflow.pod.spec" (dict
      "root" $root "values" .values "component" .component "restartPolicy" .restartPolicy
      "serviceAccount" (include "airflow.serviceAccountName" .)
      "initContainers" (include "airflow.pod.extra" (list .values.extraInitContainers $root))
      "containers" (include "airflow.join" (list
        (include "airflow.container.airflow" (merge (dict
          "name" .container
          "mounts" (print (include "airflow.mounts.config" $root) (include "airflow.mounts.webserverConfig" $root) (include "airflow.mounts.extra" .))) .))
        (include "airflow.pod.extra" (list .values.extraContainers $root))))
      "volumes" (print
        (include "airflow.volumes.config" $root)
        (include "airflow.volumes.webserverConfig" $root)
        (include "airflow.volumes.extra" .))) }}
{{- end }}

{{/* A job of a deploy. Argument: as airflow.job.metadata and airflow.job.pod together. */}}
{{- define "airflow.job" -}}
apiVersion: batch/v1
kind: Job
metadata:
  {{- include "airflow.job.metadata" . | nindent 2 }}
spec:
{{- if not (kindIs "invalid" .values.ttlSecondsAfterFinished) }}
  ttlSecondsAfterFinished: {{ .values.ttlSecondsAfterFinished | int64 }}
{{- end }}
  template:
    metadata:
      {{- include "airflow.podMetadata" (merge (dict "values" (dict "labels" .values.labels "podAnnotations" .values.annotations)) (omit . "values")) | nindent 6 }}
    spec:
      {{- include "airflow.job.pod" (merge (dict "restartPolicy" (.values.restartPolicy | default "OnFailure")) .) | nindent 6 }}
{{- end }}

{{/* A job by the clock. Argument: dict root, component, values, name, container, suffix; and where wanted plain. */}}
{{- define "airflow.cronJob" -}}
apiVersion: batch/v1
kind: CronJob
metadata:
  {{- include "airflow.metadata" (dict "root" .root "name" .name "component" .component "annotations" .values.jobAnnotations) | nindent 2 }}
spec:
  schedule: {{ include "airflow.render" (list .values.schedule .root) | quote }}
  concurrencyPolicy: Forbid
{{- range $key := list "failedJobsHistoryLimit" "successfulJobsHistoryLimit" }}
{{- $limit := index $.values $key }}
{{- if not (kindIs "invalid" $limit) }}
  {{ $key }}: {{ $limit }}
{{- end }}
{{- end }}
  jobTemplate:
    spec:
      backoffLimit: 1
      template:
        metadata:
          {{- include "airflow.podMetadata" . | nindent 10 }}
        spec:
          {{- include "airflow.job.pod" (merge (dict "restartPolicy" "Never") .) | nindent 10 }}
{{- end }}
