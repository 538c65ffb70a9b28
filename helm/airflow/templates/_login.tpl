{{/* Files of the login, at one place in each pod that reads them. A folder, not single files: the kubelet brings a change of the secret into it. */}}

{{- define "airflow.path.login" -}}/etc/aerodrome/login{{ end }}

{{/* Tells Airflow and the platform's own code where they are. */}}
{{- define "airflow.login.env" -}}
- name: AERODROME_LOGIN_FOLDER
  value: {{ include "airflow.path.login" . }}
{{- end }}

{{- define "airflow.mounts.login" }}
- name: login
  mountPath: {{ include "airflow.path.login" . }}
  readOnly: true
{{- end }}

{{/* Argument: the secret's name. */}}
{{- define "airflow.volumes.login" }}
- name: login
  secret:
    secretName: {{ . }}
    defaultMode: 288
{{- end }}

{{/* The same of the API server, where it has the login of the platform. Argument: the root context. */}}
{{- define "airflow.apiServer.login.env" -}}
{{- if .Values.platform.login.settingsSecretName -}}
{{ include "airflow.login.env" . }}
- name: AIRFLOW__FAB__CONFIG_FILE
  value: {{ include "airflow.path.login" . }}/webserver_config.py
{{- end }}
{{- end }}

{{- define "airflow.apiServer.login.mounts" -}}
{{- if .Values.platform.login.settingsSecretName }}{{ include "airflow.mounts.login" . }}{{ end }}
{{- end }}

{{- define "airflow.apiServer.login.volumes" -}}
{{- with .Values.platform.login.settingsSecretName }}{{ include "airflow.volumes.login" . }}{{ end }}
{{- end }}
