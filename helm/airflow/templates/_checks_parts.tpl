{{/* What is refused of parts that lack another, or that nobody would find. Arguments as in _checks.tpl. */}}

{{/* Tickets of Kerberos want what makes them, and a volume to hold them. */}}
{{- define "airflow.check.kerberos" -}}
{{- $values := (index . 0).Values }}
{{- $problems := index . 1 }}
{{- $groups := dict }}
{{- include "airflow.workers.groups" (list (index . 0) $groups) }}
{{- range $key := list "kerberosSidecar" "kerberosInitContainer" }}
{{- $wanted := (get $values.workers $key).enabled }}
{{- range $groups.groups }}{{ $wanted = or $wanted (get .values $key).enabled }}{{ end }}
{{- include "airflow.check.note" (list $problems (and $wanted (not $values.kerberos.enabled))
      (printf "workers.%s.enabled: the pods have neither krb5.conf nor a keytab; set kerberos.enabled: true" $key)) }}
{{- end }}
{{- range $groups.groups }}
{{- include "airflow.check.note" (list $problems (and .values.volumeClaimTemplates (ne .kind "StatefulSet"))
      (printf "workers.volumeClaimTemplates: the workers %s are a Deployment, which claims no volumes; set workers.celery.persistence.enabled: true" .name)) }}
{{- end }}
{{- end }}

{{/* A class of priorityClasses is called after the release. */}}
{{- define "airflow.check.priorities" -}}
{{- $values := (index . 0).Values }}
{{- $problems := index . 1 }}
{{- $names := list }}
{{- range $values.priorityClasses }}{{ $names = append $names .name }}{{ end }}
{{- $prefix := include "airflow.fullname" (index . 0) }}
{{- range $section, $given := $values }}
{{- if kindIs "map" $given }}
{{- $class := get $given "priorityClassName" | default "" }}
{{- include "airflow.check.note" (list $problems (has $class $names)
      (printf "%s.priorityClassName: priorityClasses makes %s-%s, not %s; write %s-%s" $section $prefix $class $class $prefix $class)) }}
{{- end }}
{{- end }}
{{- end }}

{{/* Since Airflow 3 tasks ask the API server for everything. */}}
{{- define "airflow.check.reach" -}}
{{- $root := index . 0 }}
{{- $elsewhere := get ($root.Values.config.core | default dict) "execution_api_server_url" }}
{{- include "airflow.check.note" (list (index . 1) (and (include "airflow.version.three" $root) (not $root.Values.apiServer.enabled) (not $elsewhere))
      "apiServer.enabled: false leaves tasks without the API that they ask for everything; set it true, or name another in config.core.execution_api_server_url") }}
{{- end }}

{{/* Half a login is none. */}}
{{- define "airflow.check.logins" -}}
{{- $values := (index . 0).Values }}
{{- $problems := index . 1 }}
{{- $flower := $values.flower }}
{{- include "airflow.check.note" (list $problems (and $flower.enabled (not $flower.secretName) (ne (empty $flower.username) (empty $flower.password)))
      "flower.username and flower.password: with one of them Flower asks nobody for a login; give both, or flower.secretName") }}
{{- range $name := list "apiServer" "webserver" }}
{{- $key := printf "%sConfig" $name }}
{{- $section := get $values $name }}
{{- include "airflow.check.note" (list $problems (and (get $section $key) (get $section (printf "%sConfigMapName" $key)))
      (printf "%s.%s and %s.%sConfigMapName: webserver_config.py is given twice; keep one of the two keys" $name $key $name $key)) }}
{{- end }}
{{- include "airflow.check.note" (list $problems (and $values.platform.login.settingsSecretName (or $values.apiServer.apiServerConfig $values.apiServer.apiServerConfigConfigMapName))
      "platform.login.settingsSecretName and apiServer.apiServerConfig: webserver_config.py is given twice; keep one of the two keys") }}
{{- include "airflow.check.note" (list $problems (and $values.platform.roles.enabled $values.pgbouncer.enabled)
      "platform.roles.enabled: PgBouncer passes on neither limits of a statement nor locks of a session, by which roles follow the directory; set pgbouncer.enabled: false") }}
{{- include "airflow.check.note" (list $problems (and $values.imagePullSecrets (or $values.registry.connection $values.registry.secretName))
      "imagePullSecrets and registry: pods take the former and the registry's login stays unused; name its secret in imagePullSecrets, or keep one of the two keys") }}
{{- end }}

{{/* Logs that are sent away need somewhere to go. */}}
{{- define "airflow.check.logs" -}}
{{- $values := (index . 0).Values }}
{{- $logging := $values.config.logging | default dict }}
{{- $searched := or $values.elasticsearch.enabled $values.opensearch.enabled }}
{{- $told := contains "REMOTE_BASE_LOG_FOLDER" (toJson (list $values.env $values.secret $values.extraEnv)) }}
{{- $away := and (eq "true" (get $logging "remote_logging" | toString | lower)) (not (or $searched $told $values.extraEnvFrom)) }}
{{- include "airflow.check.note" (list (index . 1) (and $away (not (get $logging "remote_base_log_folder")))
      "config.logging.remote_logging: logs are to leave the pods and no place is named; write config.logging.remote_base_log_folder, or switch on elasticsearch or opensearch") }}
{{- end }}
