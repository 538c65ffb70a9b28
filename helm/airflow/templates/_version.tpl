{{/* What depends on the version of Airflow or on the executor. Each prints "true" or nothing. */}}

{{/* Argument: list root version. A pre-release counts as its release. */}}
{{- define "airflow.version.atLeast" -}}
{{- if semverCompare (printf ">=%s-0" (index . 1)) (index . 0).Values.airflowVersion }}true{{ end }}
{{- end }}

{{/* Arguments of those below: the root context. */}}
{{- define "airflow.version.three" -}}{{ include "airflow.version.atLeast" (list . "3.0.0") }}{{ end }}

{{- define "airflow.executor.celery" -}}
{{- if or (contains "CeleryExecutor" .Values.executor) (contains "CeleryKubernetesExecutor" .Values.executor) }}true{{ end }}
{{- end }}

{{- define "airflow.executor.kubernetes" -}}
{{- if contains "KubernetesExecutor" .Values.executor }}true{{ end }}
{{- end }}

{{- define "airflow.executor.local" -}}
{{- if or (contains "LocalExecutor" .Values.executor) (contains "LocalKubernetesExecutor" .Values.executor) }}true{{ end }}
{{- end }}

{{- define "airflow.dagProcessor.enabled" -}}
{{- if include "airflow.version.three" . }}
{{- if not (eq false .Values.dagProcessor.enabled) }}true{{ end }}
{{- else if include "airflow.version.atLeast" (list . "2.3.0") }}
{{- if .Values.dagProcessor.enabled }}true{{ end }}
{{- end }}
{{- end }}

{{- define "airflow.triggerer.enabled" -}}
{{- if and .Values.triggerer.enabled (include "airflow.version.atLeast" (list . "2.2.0")) }}true{{ end }}
{{- end }}

{{- define "airflow.apiServer.enabled" -}}
{{- if and .Values.apiServer.enabled (include "airflow.version.three" .) }}true{{ end }}
{{- end }}

{{- define "airflow.webserver.enabled" -}}
{{- if and .Values.webserver.enabled (not (include "airflow.version.three" .)) }}true{{ end }}
{{- end }}

{{- define "airflow.flower.enabled" -}}
{{- if and .Values.flower.enabled (include "airflow.executor.celery" .) }}true{{ end }}
{{- end }}

{{- define "airflow.redis.enabled" -}}
{{- if and .Values.redis.enabled (include "airflow.executor.celery" .) }}true{{ end }}
{{- end }}

{{/* Celery's results live in the metadata database by themselves since 2.4. */}}
{{- define "airflow.resultBackend.ownSecret" -}}
{{- if or .Values.data.resultBackendSecretName .Values.data.resultBackendConnection (not (include "airflow.version.atLeast" (list . "2.4.0"))) }}true{{ end }}
{{- end }}

{{/* The triggerer keeps and serves logs of its own since 2.6. Argument: the root context. */}}
{{- define "airflow.triggerer.servesLogs" -}}{{ include "airflow.version.atLeast" (list . "2.6.0") }}{{ end }}

{{- define "airflow.triggerer.kind" -}}
{{- if and (include "airflow.triggerer.servesLogs" .) .Values.triggerer.persistence.enabled }}StatefulSet{{ else }}Deployment{{ end }}
{{- end }}

{{/* How many triggers one triggerer runs at most; the key is named anew in 3. */}}
{{- define "airflow.triggerer.capacity" -}}
{{- $triggerer := .Values.config.triggerer | default dict }}
{{- $key := ternary "capacity" "default_capacity" (and (not (empty (include "airflow.version.three" .))) (hasKey $triggerer "capacity")) }}
{{- get $triggerer $key | default 1000 }}
{{- end }}
