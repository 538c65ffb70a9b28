{{/* What the two servers of pages share: the webserver of Airflow 2 and the API server of Airflow 3. */}}

{{/*
The three probes of a server.
Argument: dict root, values (the component's section), path, port; and where wanted baseUrl (where people reach the server: its path comes
before the probe's, its host goes into the Host header).
*/}}
{{- define "airflow.web.probes" -}}
{{- $url := include "airflow.render" (list (.baseUrl | default "") .root) | urlParse }}
{{- $headers := list }}
{{- $host := $url.hostname }}
{{- with $host }}{{ $headers = list (dict "name" "Host" "value" .) }}{{ end }}
{{- range $kind := list "livenessProbe" "readinessProbe" "startupProbe" }}
{{- include "airflow.probe.http" (dict
      "kind" $kind "section" (get $.values $kind) "path" (printf "%s%s" (trimSuffix "/" $url.path) $.path) "port" $.port "headers" $headers) }}
{{- end }}
{{- end }}

{{/* How pods are replaced where the section does not say: first a new one, then the old one goes. Argument: the component's section. */}}
{{- define "airflow.web.strategy" -}}
{{- if .strategy }}{{ toYaml .strategy }}
{{- else -}}
type: RollingUpdate
rollingUpdate:
  maxSurge: 1
  maxUnavailable: 0
{{- end }}
{{- end }}
