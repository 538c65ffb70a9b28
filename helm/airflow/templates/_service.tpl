{{/* Services. */}}

{{/*
Service of a component.
Argument: dict root, component, ports (a list; numbers may be templates); and where wanted labels, annotations, headless, extraLabels
(labels of the pods beside the component's), and settings: type, clusterIP, loadBalancerIP, loadBalancerSourceRanges. Its name is
<fullname>-<component>, or name.
*/}}
{{- define "airflow.service" -}}
{{- $settings := .settings | default dict }}
apiVersion: v1
kind: Service
metadata:
  {{- include "airflow.metadata" (dict
        "root" .root
        "name" (.name | default (printf "%s-%s" (include "airflow.fullname" .root) .component))
        "component" .component "labels" .labels
        "annotations" .annotations) | nindent 2 }}
spec:
  {{- if .headless }}
  clusterIP: None
  {{- else }}
  type: {{ $settings.type | default "ClusterIP" }}
  {{- with $settings.clusterIP }}
  clusterIP: {{ . }}
  {{- end }}
  {{- with $settings.loadBalancerIP }}
  loadBalancerIP: {{ . }}
  {{- end }}
  {{- with $settings.loadBalancerSourceRanges }}
  loadBalancerSourceRanges:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- end }}
  selector:
    {{- include "airflow.selectorLabels" . | nindent 4 }}
  ports:
    {{- include "airflow.ports" (list .ports .root) | nindent 4 }}
{{- end }}

{{/* Ports whose values may be templates: a number that a template renders stays a number. Argument: list ports root. */}}
{{- define "airflow.ports" -}}
{{- $root := index . 1 }}
{{- range index . 0 }}
-
{{- range $key, $value := . }}
  {{ $key }}: {{ include "airflow.render" (list (toString $value) $root) }}
{{- end }}
{{- end }}
{{- end }}

{{/* Annotations by which Prometheus finds what to scrape, unless it finds it otherwise. Argument: list root port annotations (that win). */}}
{{- define "airflow.scraped" -}}
{{- $found := dict }}
{{- if eq (index . 0).Values.telemetry.scrape "annotations" }}{{ $found = dict "prometheus.io/scrape" "true" "prometheus.io/port" (toString (index . 1)) }}{{ end }}
{{- merge (dict) (index . 2) $found | toYaml }}
{{- end }}
