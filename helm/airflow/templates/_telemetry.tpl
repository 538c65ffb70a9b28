{{/* What leaves the release for others to watch: metrics, alerts, traces. */}}

{{/*
*text* with what stands in <> filled in from *words*, a map.
Argument: list text words.
*/}}
{{- define "airflow.telemetry.filled" -}}
{{- $text := index . 0 }}
{{- range $word, $value := index . 1 }}{{ $text = replace (printf "<%s>" $word) (toString $value) $text }}{{ end }}
{{- $text }}
{{- end }}

{{/* Puts into *result* what the release fills in. Argument: list root result. */}}
{{- define "airflow.telemetry.words" -}}
{{- $root := index . 0 }}
{{- $result := index . 1 }}
{{- $rules := $root.Values.telemetry.rules }}
{{- range $word, $value := omit $rules.thresholds "queues" }}{{ $_ := set $result $word $value }}{{ end }}
{{- $_ := set $result "airflow" (include "airflow.render" (list $rules.matchers $root)) }}
{{- $_ := set $result "namespace" $root.Release.Namespace }}
{{- $_ := set $result "fullname" (include "airflow.fullname" $root) }}
{{- end }}

{{/*
Puts into *result*, under "all", the words of each version of a rule: one, or of a rule about queues one for all queues that have no minutes of
their own, and one for each that has. Argument: list root rule words result.
*/}}
{{- define "airflow.telemetry.versions" -}}
{{- $words := index . 2 }}
{{- $own := (index . 0).Values.telemetry.rules.thresholds.queues }}
{{- $all := list $words }}
{{- if contains "<queues>" (index . 1).expr }}
{{- $names := keys $own | sortAlpha }}
{{- /* As StatsD's names have them, where a dot would begin the next part. */}}
{{- $others := ternary (printf "queue!~%q" (join "|" $names | replace "." "__")) "queue!=\"\"" (not (empty $names)) }}
{{- $all = list (merge (dict "queues" $others) $words) }}
{{- range $names }}
{{- $all = append $all (merge (dict "queues" (printf "queue=%q" (replace "." "__" .)) "queueMinutes" (get $own .) "queue" .) $words) }}
{{- end }}
{{- end }}
{{- $_ := set (index . 3) "all" $all }}
{{- end }}

{{/* One rule of alerts.yml as Prometheus reads it. Argument: list root rule words. */}}
{{- define "airflow.telemetry.alert" -}}
{{- $root := index . 0 }}
{{- $rule := index . 1 }}
{{- $words := index . 2 }}
{{- $annotations := dict "runbook_url" (printf "%s#%s" $root.Values.telemetry.rules.runbooks (lower $rule.alert)) }}
{{- range $key := list "summary" "description" "source" }}
{{- $_ := set $annotations $key (include "airflow.telemetry.filled" (list (get $rule $key) $words)) }}
{{- end }}
{{- toYaml (dict
      "alert" $rule.alert
      "expr" (include "airflow.telemetry.filled" (list $rule.expr $words))
      "for" (get $rule "for")
      "labels" (merge (dict "severity" $rule.severity) (pick $words "queue"))
      "annotations" $annotations) }}
{{- end }}

{{/*
Where Airflow sends metrics and traces by OpenTelemetry, and as whom; nothing where it sends neither.
Argument: dict root, component.
*/}}
{{- define "airflow.telemetry.env" -}}
{{- $root := .root }}
{{- $otel := $root.Values.telemetry.openTelemetry }}
{{- if and (or $otel.metrics $otel.traces) (has .component (list "api-server" "scheduler" "dag-processor" "triggerer" "worker")) }}
{{- $attributes := list (printf "k8s.namespace.name=%s" $root.Release.Namespace) }}
{{- range $key, $value := $otel.resourceAttributes }}{{ $attributes = append $attributes (printf "%s=%s" $key $value) }}{{ end }}
{{- range list
      (list "OTEL_EXPORTER_OTLP_ENDPOINT" $otel.endpoint)
      (list "OTEL_EXPORTER_OTLP_PROTOCOL" $otel.protocol)
      (list "OTEL_TRACES_EXPORTER" (ternary "otlp_proto_grpc" "otlp_proto_http" (eq $otel.protocol "grpc")))
      (list "OTEL_SERVICE_NAME" (printf "%s-%s" (include "airflow.fullname" $root) .component))
      (list "OTEL_RESOURCE_ATTRIBUTES" (join "," $attributes))
      (list "OTEL_METRIC_EXPORT_INTERVAL" (mul 1000 $otel.intervalSeconds))
      (list "OTEL_TRACES_SAMPLER" $otel.sampler)
      (list "OTEL_TRACES_SAMPLER_ARG" $otel.samplerArgument) }}
{{- if not (kindIs "invalid" (index . 1)) }}
- name: {{ index . 0 }}
  value: {{ index . 1 | toString | quote }}
{{- end }}
{{- end }}
{{- with $otel.headersSecretName }}
{{ include "airflow.env.fromSecret" (list "OTEL_EXPORTER_OTLP_HEADERS" . "headers") }}
{{- end }}
{{- end }}
{{- end }}
