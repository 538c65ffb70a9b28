{{/* Tenants: their settings, names and labels. What is in their namespaces: tenants/; their pods: _tenant_pod.tpl. */}}

{{/*
Puts into *result*, under "tenants", one dict for each tenant, in order of their names: root, name, namespace, values (tenancy.defaults with the tenant's own
keys laid over them) and zones, each with name, account, values. Argument: list root result.
*/}}
{{- define "airflow.tenants" -}}
{{- $root := index . 0 }}
{{- $common := $root.Values.tenancy }}
{{- $tenants := list }}
{{- range $name, $given := $root.Values.tenants }}
{{- $values := dict }}
{{- include "airflow.overlay" (list $values $common.defaults ($given | default dict)) }}
{{- $zones := list }}
{{- range $zone, $own := ($given | default dict).zones }}
{{- $settings := dict }}
{{- include "airflow.overlay" (list $settings $common.zoneDefaults ($own | default dict)) }}
{{- $zones = append $zones (dict "name" $zone "account" (printf "%s-%s" $name ($zone | replace "_" "-")) "values" $settings) }}
{{- end }}
{{- $tenants = append $tenants (dict "root" $root "name" $name "namespace" (printf "tenant-%s" $name) "values" $values "zones" $zones) }}
{{- end }}
{{- if $tenants }}{{ include "airflow.tenants.check" (list $root $tenants) }}{{ end }}
{{- $_ := set (index . 1) "tenants" $tenants }}
{{- end }}

{{/* Metadata of an object in a tenant's namespace. Argument: dict tenant, name; and where wanted annotations, extraLabels. */}}
{{- define "airflow.tenant.metadata" -}}
{{- include "airflow.metadata" (dict
      "root" .tenant.root "name" .name "namespace" .tenant.namespace "annotations" .annotations
      "extraLabels" (merge (dict "aerodrome/tenant" .tenant.name) (.extraLabels | default dict))) }}
{{- end }}

{{/* The config map with what a tenant's pods are told. Argument: the root context. */}}
{{- define "airflow.tenants.settingsName" -}}{{ include "airflow.fullname" . }}-settings{{ end }}

{{/* The config map, in the release's namespace, with the pod templates of a tenant. Argument: list root tenant's name. */}}
{{- define "airflow.tenants.podsName" -}}{{ include "airflow.fullname" (index . 0) }}-pods-{{ index . 1 }}{{ end }}

{{/* Bytes of a size such as 512Mi. Argument: the size, a number or a text. */}}
{{- define "airflow.bytes" -}}
{{- $size := . }}
{{- if not (kindIs "string" $size) }}{{ int64 $size }}
{{- else }}
{{- $units := dict "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776 }}
{{- $unit := regexFind "[KMGT]i$" $size }}
{{- if $unit }}{{ mul (trimSuffix $unit $size | int64) (get $units $unit) }}{{ else }}{{ int64 $size }}{{ end }}
{{- end }}
{{- end }}

{{/*
What the scheduler needs for tenants: the namespaces to watch, and that the image of a pod is its template's. Each prints nothing without tenants.
Argument: the root context.
*/}}
{{- define "airflow.tenants.scheduler.env" -}}
{{- if .Values.tenants -}}
- name: AIRFLOW__KUBERNETES_EXECUTOR__WORKER_CONTAINER_REPOSITORY
  value: ""
- name: AIRFLOW__KUBERNETES_EXECUTOR__WORKER_CONTAINER_TAG
  value: ""
{{- if not .Values.multiNamespaceMode }}
- name: AIRFLOW__KUBERNETES_EXECUTOR__MULTI_NAMESPACE_MODE
  value: "True"
- name: AIRFLOW__KUBERNETES_EXECUTOR__MULTI_NAMESPACE_MODE_NAMESPACE_LIST
  value: {{ printf "%s,tenant-%s" .Release.Namespace (keys .Values.tenants | sortAlpha | join ",tenant-") | quote }}
{{- end }}
{{- end }}
{{- end }}

{{- define "airflow.tenants.scheduler.mounts" -}}
{{- if .Values.tenants }}
- name: tenant-pods
  mountPath: /opt/aerodrome/pods
  readOnly: true
{{- end }}
{{- end }}

{{/* One config map for each tenant: all of them together could be larger than one may be. */}}
{{- define "airflow.tenants.scheduler.volumes" -}}
{{- if .Values.tenants }}
- name: tenant-pods
  projected:
    sources:
      {{- range $name, $_ := .Values.tenants }}
      - configMap:
          name: {{ include "airflow.tenants.podsName" (list $ $name) }}
      {{- end }}
{{- end }}
{{- end }}

{{/* The API server's address for pods of other namespaces. Argument: the root context. */}}
{{- define "airflow.tenants.executionApiUrl" -}}
{{- .Values.tenancy.executionApiUrl | default (printf "http://%s-api-server.%s.svc:%v/execution/" (include "airflow.fullname" .) .Release.Namespace .Values.ports.apiServer) }}
{{- end }}
