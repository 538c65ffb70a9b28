{{/* Volumes and where they are mounted. Each mount and volume is printed with a line break before it, so that they can be strung together. */}}

{{/* Paths. Argument: the root context. */}}
{{- define "airflow.path.logs" -}}{{ .Values.airflowHome }}/logs{{ end }}

{{- define "airflow.path.dagsMount" -}}
{{- .Values.dags.mountPath | default (printf "%s/dags" .Values.airflowHome) }}
{{- end }}

{{/* The folder in which Airflow looks for DAG files. */}}
{{- define "airflow.path.dags" -}}
{{- $mount := include "airflow.path.dagsMount" . }}
{{- if .Values.dags.gitSync.enabled }}{{ $mount }}/repo/{{ .Values.dags.gitSync.subPath }}{{ else }}{{ $mount }}{{ end }}
{{- end }}

{{/* One mount of a key of a config map or secret. Argument: list volume path key. */}}
{{- define "airflow.mount.file" }}
- name: {{ index . 0 }}
  mountPath: {{ index . 1 | quote }}
  subPath: {{ index . 2 }}
  readOnly: true
{{- end }}

{{/* airflow.cfg and what goes with it. Argument: the root context. */}}
{{- define "airflow.mounts.config" -}}
{{- include "airflow.mount.file" (list "config" (printf "%s/airflow.cfg" .Values.airflowHome) "airflow.cfg") }}
{{- if .Values.airflowLocalSettings }}
{{- include "airflow.mount.file" (list "config" (printf "%s/config/airflow_local_settings.py" .Values.airflowHome) "airflow_local_settings.py") }}
{{- end }}
{{- end }}

{{/* webserver_config.py of Airflow 2, where the values hold one. Argument: the root context. */}}
{{- define "airflow.mounts.webserverConfig" -}}
{{- if or .Values.webserver.webserverConfig .Values.webserver.webserverConfigConfigMapName }}
{{- include "airflow.mount.file" (list "webserver-config" (printf "%s/webserver_config.py" .Values.airflowHome) "webserver_config.py") }}
{{- end }}
{{- end }}

{{/* The same of the API server. */}}
{{- define "airflow.mounts.apiServerConfig" -}}
{{- if or .Values.apiServer.apiServerConfig .Values.apiServer.apiServerConfigConfigMapName }}
{{- include "airflow.mount.file" (list "api-server-config" (printf "%s/webserver_config.py" .Values.airflowHome) "webserver_config.py") }}
{{- end }}
{{- end }}

{{- define "airflow.mounts.podTemplate" -}}
{{- include "airflow.mount.file" (list "config" (printf "%s/pod_templates/pod_template_file.yaml" .Values.airflowHome) "pod_template_file.yaml") }}
{{- end }}

{{- define "airflow.mounts.logs" }}
- name: logs
  mountPath: {{ include "airflow.path.logs" . | quote }}
{{- with .Values.logs.persistence.subPath }}
  subPath: {{ . }}
{{- end }}
{{- end }}

{{/* The DAG files, where a volume or git-sync brings them. */}}
{{- define "airflow.mounts.dags" -}}
{{- if or .Values.dags.persistence.enabled .Values.dags.gitSync.enabled }}
- name: dags
  mountPath: {{ include "airflow.path.dagsMount" . | quote }}
{{- with .Values.dags.persistence.subPath }}
  subPath: {{ . }}
{{- end }}
  readOnly: {{ .Values.dags.gitSync.enabled }}
{{- end }}
{{- end }}

{{/* What the values add for all components and for this one. Argument: dict root, values. */}}
{{- define "airflow.mounts.extra" -}}
{{- range list .root.Values.volumeMounts .values.extraVolumeMounts }}
{{- with . }}{{ "\n" }}{{ include "airflow.render" (list . $.root) }}{{ end }}
{{- end }}
{{- end }}

{{/* Volumes. Argument where nothing else is said: the root context. */}}
{{- define "airflow.volumes.extra" -}}
{{- range list .root.Values.volumes .values.extraVolumes }}
{{- with . }}{{ "\n" }}{{ include "airflow.render" (list . $.root) }}{{ end }}
{{- end }}
{{- end }}

{{- define "airflow.volumes.config" }}
- name: config
  configMap:
    name: {{ include "airflow.configMap.config" . }}
{{- end }}

{{- define "airflow.volumes.webserverConfig" -}}
{{- if or .Values.webserver.webserverConfig .Values.webserver.webserverConfigConfigMapName }}
- name: webserver-config
  configMap:
    name: {{ include "airflow.configMap.webserver" . }}
{{- end }}
{{- end }}

{{- define "airflow.volumes.apiServerConfig" -}}
{{- if or .Values.apiServer.apiServerConfig .Values.apiServer.apiServerConfigConfigMapName }}
- name: api-server-config
  configMap:
    name: {{ include "airflow.configMap.apiServer" . }}
{{- end }}
{{- end }}

{{/*
The volume of the logs; a component with a volume claim of its own for them (*owned*) needs one only where the shared claim is on.
Argument: list root owned.
*/}}
{{- define "airflow.volumes.logs" -}}
{{- $logs := (index . 0).Values.logs }}
{{- if $logs.persistence.enabled }}
- name: logs
  persistentVolumeClaim:
    claimName: {{ include "airflow.claim.logs" (index . 0) }}
{{- else if not (index . 1) }}
- name: logs
  emptyDir: {{- toYaml ($logs.emptyDirConfig | default dict) | nindent 4 }}
{{- end }}
{{- end }}

{{/* The DAG files; with git-sync also its key. */}}
{{- define "airflow.volumes.dags" -}}
{{- if .Values.dags.persistence.enabled }}
- name: dags
  persistentVolumeClaim:
    claimName: {{ include "airflow.claim.dags" . }}
{{- else if .Values.dags.gitSync.enabled }}
- name: dags
  emptyDir: {{- toYaml (.Values.dags.gitSync.emptyDirConfig | default dict) | nindent 4 }}
{{- include "airflow.gitSync.volumes" . }}
{{- end }}
{{- end }}

{{/* A claim of a StatefulSet for the logs. Argument: dict root, persistence. */}}
{{- define "airflow.volumeClaim.logs" -}}
- apiVersion: v1
  kind: PersistentVolumeClaim
  metadata:
    name: logs
{{- with .persistence.annotations }}
    annotations:
      {{- toYaml . | nindent 6 }}
{{- end }}
  spec:
{{- with .persistence.storageClassName }}
    storageClassName: {{ include "airflow.render" (list . $.root) }}
{{- end }}
    accessModes: [ReadWriteOnce]
    resources:
      requests:
        storage: {{ .persistence.size }}
{{- end }}

{{/* A token for Kubernetes' API that expires, with the names that clients look for. Argument: serviceAccountTokenVolume. */}}
{{- define "airflow.volumes.apiToken" -}}
{{- if .enabled }}
- name: {{ .volumeName }}
  projected:
    defaultMode: 420
    sources:
      - serviceAccountToken:
          path: token
          expirationSeconds: {{ .expirationSeconds | int64 }}
{{- with .audience }}
          audience: {{ . }}
{{- end }}
      - configMap:
          name: kube-root-ca.crt
          items:
            - key: ca.crt
              path: ca.crt
      - downwardAPI:
          items:
            - path: namespace
              fieldRef:
                apiVersion: v1
                fieldPath: metadata.namespace
{{- end }}
{{- end }}

{{- define "airflow.mounts.apiToken" -}}
{{- if .enabled }}
- name: {{ .volumeName }}
  mountPath: {{ .mountPath }}
  readOnly: true
{{- end }}
{{- end }}
