{{/* The Celery workers: one group, or several with keys of their own (workers.celery.sets). */}}

{{/*
Puts into *result*, under "groups", one dict per group of Celery workers: values (of the section workers, with what workers.celery and the
entry of sets say laid over it), root (a context in which .Values.workers are those), name, extraLabels.
A definition can only print text, so what must stay a value is handed over like this. Argument: list root result.
*/}}
{{- define "airflow.workers.groups" -}}
{{- $root := index . 0 }}
{{- if hasKey $root "release" }}{{ include "airflow.workers.groupsOf" . }}
{{- else }}
{{- /* Half a dozen templates ask: worked out once for the release. */}}
{{- $memory := get $root.Release "aerodromeWorkers" | default dict }}
{{- if not $memory }}{{ include "airflow.workers.groupsOf" (list $root $memory) }}{{ end }}
{{- $_ := set $root.Release "aerodromeWorkers" $memory }}
{{- $_ := set (index . 1) "groups" $memory.groups }}
{{- end }}
{{- end }}

{{- define "airflow.workers.groupsOf" -}}
{{- $root := index . 0 }}
{{- $workers := $root.Values.workers }}
{{- $fullname := include "airflow.fullname" $root }}
{{- $groups := list }}
{{- $common := dict }}
{{- include "airflow.overlay" (list $common $workers (omit $workers.celery "sets")) }}
{{- if include "airflow.executor.celery" $root }}
{{- if $workers.enableDefault }}
{{- $groups = append $groups (dict "values" $common "name" (printf "%s-worker" $fullname) "extraLabels" dict) }}
{{- end }}
{{- range $workers.celery.sets }}
{{- $values := dict }}
{{- include "airflow.overlay" (list $values $common .) }}
{{- $groups = append $groups (dict "values" $values "name" (printf "%s-worker-%s" $fullname .name) "extraLabels" (dict "worker-set" .name)) }}
{{- end }}
{{- end }}
{{- range $groups }}
{{- $_ := set . "root" (merge (dict "Values" (set (omit $root.Values "workers") "workers" .values) "release" ($root.release | default $root)) (omit $root "Values" "release")) }}
{{- $_ := set . "component" "worker" }}
{{- $_ := set . "kind" (ternary "StatefulSet" "Deployment" .values.persistence.enabled) }}
{{- end }}
{{- $_ := set (index . 1) "groups" $groups }}
{{- end }}

{{/*
Lays *over* on *under* into *result*: key by key where both hold a section; null, "" and empty lists and maps leave what is below.
What Kubernetes reads as a whole (labels, affinity, resources …) is replaced as a whole. Argument: list result under over.
*/}}
{{- define "airflow.overlay" -}}
{{- $result := index . 0 }}
{{- $wholes := list "affinity" "annotations" "behavior" "config" "container" "containerLifecycleHooks" "labels" "namespaceLabels" "nodeSelector"
      "persistentVolumeClaimRetentionPolicy" "pod" "podAnnotations" "resources" "securityContext" "strategy" "updateStrategy" }}
{{- range $key, $value := index . 1 }}{{ $_ := set $result $key $value }}{{ end }}
{{- range $key, $value := index . 2 }}
{{- $below := get $result $key }}
{{- if and (kindIs "map" $value) (kindIs "map" $below) (not (has $key $wholes)) }}
{{- $section := dict }}
{{- include "airflow.overlay" (list $section $below $value) }}
{{- $_ := set $result $key $section }}
{{- else if not (or (kindIs "invalid" $value) (and (or (kindIs "map" $value) (kindIs "slice" $value) (kindIs "string" $value)) (empty $value))) }}
{{- $_ := set $result $key $value }}
{{- end }}
{{- end }}
{{- end }}

{{/*
The extra containers of a worker that fetch its Kerberos ticket (InitContainer, since 2.8) and keep it valid (Sidecar).
Argument: dict root, values, kind.
*/}}
{{- define "airflow.workers.kerberos" -}}
{{- $section := get .values (printf "kerberos%s" .kind) }}
{{- if and $section.enabled (or (eq .kind "Sidecar") (include "airflow.version.atLeast" (list .root "2.8.0"))) }}
{{- $mounts := print
      (include "airflow.mounts.logs" .root)
      (include "airflow.mounts.config" .root)
      (include "airflow.mount.file" (list "config" .root.Values.kerberos.configPath "krb5.conf"))
      (include "airflow.mount.file" (list "kerberos-keytab" .root.Values.kerberos.keytabPath "kerberos.keytab"))
      (printf "\n- name: kerberos-ccache\n  mountPath: %q\n  readOnly: false" .root.Values.kerberos.ccacheMountPath)
      (include "airflow.mounts.webserverConfig" .root)
      (include "airflow.mounts.extra" .) }}
{{- include "airflow.container.airflow" (dict
      "root" .root "component" "worker" "values" $section "mounts" $mounts "ownHooks" true
      "name" (ternary "kerberos-init" "worker-kerberos" (eq .kind "InitContainer"))
      "args" (ternary (list "kerberos" "-o") (list "kerberos") (eq .kind "InitContainer"))
      "first" (include "airflow.env.kerberos" .root)) }}
{{- end }}
{{- end }}

{{/* Where a worker finds its Kerberos ticket. Argument: the root context. */}}
{{- define "airflow.mounts.kerberos" -}}
{{- if .Values.kerberos.enabled }}
{{- include "airflow.mount.file" (list "kerberos-keytab" .Values.kerberos.keytabPath "kerberos.keytab") }}
{{- include "airflow.mount.file" (list "config" .Values.kerberos.configPath "krb5.conf") }}
- name: kerberos-ccache
  mountPath: {{ .Values.kerberos.ccacheMountPath | quote }}
  readOnly: true
{{- end }}
{{- end }}

{{- define "airflow.volumes.kerberos" -}}
{{- if .Values.kerberos.enabled }}
- name: kerberos-keytab
  secret:
    secretName: {{ include "airflow.secret.kerberosKeytab" . }}
- name: kerberos-ccache
  emptyDir: {}
{{- end }}
{{- end }}
