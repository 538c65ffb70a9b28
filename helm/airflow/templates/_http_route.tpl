{{/* Routes of the Gateway API, the other way in beside an ingress. */}}

{{/*
HTTPRoute to the service of a component, if its section asks for one.
Argument: dict root, component, values (its section: httpRoute, labels), port (of the service).
*/}}
{{- define "airflow.httpRoute" -}}
{{- $route := .values.httpRoute | default dict }}
{{- if $route.enabled }}
{{- $name := printf "%s-%s" (include "airflow.fullname" .root) .component }}
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  {{- include "airflow.metadata" (dict
        "root" .root "name" $name "component" .component "labels" .values.labels "extraLabels" $route.labels
        "annotations" $route.annotations) | nindent 2 }}
spec:
  parentRefs:
    {{- include "airflow.render" (list $route.parentRefs .root) | nindent 4 }}
  {{- with $route.hostnames }}
  hostnames:
    {{- include "airflow.render" (list . $.root) | nindent 4 }}
  {{- end }}
  rules:
    {{- if $route.rules }}
    {{- include "airflow.render" (list $route.rules .root) | nindent 4 }}
    {{- else }}
    - matches:
        - path: {type: {{ $route.pathType }}, value: {{ $route.path | quote }}}
      backendRefs:
        - {name: {{ $name }}, port: {{ .port }}}
    {{- end }}
{{- end }}
{{- end }}

{{/* Refuses a route that leads nowhere. Argument: list root problems. */}}
{{- define "airflow.check.routes" -}}
{{- $root := index . 0 }}
{{- $problems := index . 1 }}
{{- range list
      (list "apiServer" "the API server" "apiServer.enabled, with Airflow 3" (include "airflow.apiServer.enabled" $root))
      (list "webserver" "the webserver" "webserver.enabled, with Airflow 2" (include "airflow.webserver.enabled" $root))
      (list "flower" "Flower" "flower.enabled, with a Celery executor" (include "airflow.flower.enabled" $root)) }}
{{- $name := index . 0 }}
{{- with (get $root.Values $name).httpRoute }}
{{- include "airflow.check.note" (list $problems (and .enabled (not .parentRefs))
      (printf "%s.httpRoute.parentRefs: is empty, so that no gateway serves the route; name the gateway" $name)) }}
{{- end }}
{{- $wanted := ((get $root.Values $name).httpRoute | default dict).enabled }}
{{- include "airflow.check.note" (list $problems (and $wanted (not (index . 3)))
      (printf "%s.httpRoute.enabled: %s is not there; set %s, or switch the route off" $name (index . 1) (index . 2))) }}
{{- end }}
{{- end }}
