{{/* airflow.cfg. */}}

{{/*
airflow.cfg from the values' config, completed by what the chart can work out. Argument: the root context.
A key that the values give is never replaced.
*/}}
{{- define "airflow.config" -}}
{{- $sections := dict }}
{{- range $name, $settings := .Values.config }}{{ $_ := set $sections $name (merge (dict) ($settings | default dict)) }}{{ end }}
{{- if include "airflow.version.three" . }}
{{- include "airflow.config.complete" (list $sections "core" "execution_api_server_url" (include "airflow.config.executionApi" .)) }}
{{- end }}
{{- range $signal := list "metrics" "traces" }}
{{- if get $.Values.telemetry.openTelemetry $signal }}{{ include "airflow.config.complete" (list $sections $signal "otel_on" "True") }}{{ end }}
{{- end }}
{{- if include "airflow.executor.celery" . }}
{{- $limit := (include "airflow.policy.resourcesOf" (list . "scheduler" .Values.scheduler.resources) | fromYaml).limits | default dict }}
{{- include "airflow.config.complete" (list $sections "celery" "sync_parallelism" (include "airflow.config.cpus" $limit.cpu)) }}
{{- end }}
{{- /* Each call of tpl costs, so that the file is rendered as one text, unless a value would trim what stands around it. */}}
{{- $text := include "airflow.config.text" (dict "sections" $sections) }}
{{- if regexMatch "{{-|-}}" $text }}{{ include "airflow.config.text" (dict "sections" $sections "root" .) }}
{{- else }}{{ include "airflow.render" (list $text .) }}
{{- end }}
{{- end }}

{{/* The file; templates in it are rendered where root is given. Argument: dict sections; and where wanted root. */}}
{{- define "airflow.config.text" -}}
{{- range $name, $settings := .sections }}
[{{ $name }}]
{{- range $key, $value := $settings }}
{{- $text := $value }}
{{- if kindIs "float64" $value }}{{ $text = ternary ($value | int64) $value (eq $value (floor $value)) }}{{ end }}
{{- if $.root }}{{ $text = include "airflow.render" (list (toString $text) $.root) }}{{ end }}
{{ $key }} = {{ $text }}
{{- end }}
{{ end }}
{{- end }}

{{/* Gives a key a value where it has none. Argument: list sections section key value. */}}
{{- define "airflow.config.complete" -}}
{{- $sections := index . 0 }}
{{- $name := index . 1 }}
{{- if not (hasKey $sections $name) }}{{ $_ := set $sections $name dict }}{{ end }}
{{- $section := get $sections $name }}
{{- if not (hasKey $section (index . 2)) }}{{ $_ := set $section (index . 2) (index . 3) }}{{ end }}
{{- end }}

{{/* Where tasks reach the API server: its service, with the path under which people reach it. Argument: the root context. */}}
{{- define "airflow.config.executionApi" -}}
{{- $base := include "airflow.render" (list ((.Values.config.api | default dict).base_url | default "") .) | urlParse }}
{{- printf "http://%s-api-server:%v%s/execution/" (include "airflow.fullname" .) .Values.ports.apiServer (trimSuffix "/" $base.path) }}
{{- end }}

{{/* A CPU limit in whole cores, rounded up; 0 where there is none. Argument: the limit. */}}
{{- define "airflow.config.cpus" -}}
{{- $limit := . | default 0 | toString }}
{{- $cores := ternary (divf (trimSuffix "m" $limit | float64) 1000) (float64 $limit) (hasSuffix "m" $limit) }}
{{- ceil $cores | int }}
{{- end }}
