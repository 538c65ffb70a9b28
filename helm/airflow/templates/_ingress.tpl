{{/* Ingresses. */}}

{{/*
Ingress of one service.
Argument: dict root, ingress (its section of the values), name, component (label of the ingress), labels, service, port (name).
Each of ingress.hosts is a host, or a map of name and tls; with none of them, ingress.host holds.
*/}}
{{- define "airflow.ingress" -}}
{{- $ingress := .ingress }}
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  {{- include "airflow.metadata" (dict
        "root" .root "name" .name "component" .component "labels" .labels "annotations" $ingress.annotations) | nindent 2 }}
spec:
  {{- with $ingress.ingressClassName }}
  ingressClassName: {{ . }}
  {{- end }}
  {{- with include "airflow.ingress.tls" . }}
  tls:
    {{- . | nindent 4 }}
  {{- end }}
  rules:
    {{- range $ingress.hosts | default (list ($ingress.host | default "")) }}
    - http:
        paths:
          {{- include "airflow.ingress.paths" (list $ingress.precedingPaths $.root) | nindent 10 }}
          - path: {{ $ingress.path }}
            pathType: {{ $ingress.pathType }}
            backend:
              service:
                name: {{ $.service }}
                port:
                  name: {{ $.port }}
          {{- include "airflow.ingress.paths" (list $ingress.succeedingPaths $.root) | nindent 10 }}
      {{- with include "airflow.ingress.host" (list . $.root) }}
      host: {{ quote . }}
      {{- end }}
    {{- end }}
{{- end }}

{{/* Name of one of the hosts. Argument: list host root. */}}
{{- define "airflow.ingress.host" -}}
{{- $host := index . 0 }}
{{- tpl (kindIs "map" $host | ternary $host ($host | toString | dict "name")).name (index . 1) }}
{{- end }}

{{/* Entries of tls: one for each host that is a map with tls, else one for all hosts. Argument: as airflow.ingress. */}}
{{- define "airflow.ingress.tls" -}}
{{- $hosts := .ingress.hosts | default (list (.ingress.host | default "")) }}
{{- if kindIs "map" (first $hosts) }}
{{- range $hosts }}
{{- if and (kindIs "map" .) (.tls | default dict).enabled }}
- hosts: [{{ include "airflow.ingress.host" (list . $.root) | quote }}]
  secretName: {{ .tls.secretName }}
{{- end }}
{{- end }}
{{- else if (.ingress.tls | default dict).enabled }}
- hosts:
  {{- range $hosts }}
    - {{ include "airflow.ingress.host" (list . $.root) | quote }}
  {{- end }}
  secretName: {{ .ingress.tls.secretName }}
{{- end }}
{{- end }}

{{/* Paths that lead to other services. Argument: list paths root. */}}
{{- define "airflow.ingress.paths" -}}
{{- range index . 0 }}
- path: {{ .path }}
  pathType: {{ .pathType | default "ImplementationSpecific" }}
  backend:
    service:
      name: {{ .serviceName }}
      port:
        {{ kindIs "string" .servicePort | ternary "name" "number" }}: {{ .servicePort }}
{{- end }}
{{- end }}
