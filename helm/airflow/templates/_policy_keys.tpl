{{/* Where the values say what a pod or container is: for messages of the policy, and for what it gives by name. */}}

{{/* Components with their sections of the values, as YAML; each may stand in deploymentPolicy.exceptions. */}}
{{- define "airflow.policy.sections" -}}
airflow-cleanup-pods: cleanup
api-server: apiServer
create-user-job: createUserJob
dag-processor: dagProcessor
database-backup: platform.databaseBackup
database-cleanup: databaseCleanup
entrance: hybrid
flower: flower
orphans: platform.orphans
pgbouncer: pgbouncer
postgresql: postgresql
redis: redis
results-collector: platform.resultsCollector
roles: platform.roles
run-airflow-migrations: migrateDatabaseJob
scheduler: scheduler
statsd: statsd
tenants: tenants
triggerer: triggerer
webserver: webserver
worker: workers
{{- end }}

{{/* The key of a pod, or of one of its containers. Argument: dict case; of a container also container, key. */}}
{{- define "airflow.policy.key" -}}
{{- $section := get (include "airflow.policy.sections" . | fromYaml) .case.component | default .case.component }}
{{- if not .container }}{{ $section }}
{{- else }}
{{- $name := .container.name }}
{{- $git := .case.root.Values.dags.gitSync.containerName }}
{{- if hasSuffix "-log-groomer" $name }}{{ $section }}.logGroomerSidecar
{{- else if eq $name "wait-for-airflow-migrations" }}{{ $section }}.waitForMigrations
{{- else if has $name (list $git (printf "%s-init" $git)) }}dags.gitSync
{{- else if eq $name "kerberos-init" }}workers.kerberosInitContainer
{{- else if eq $name "worker-kerberos" }}workers.kerberosSidecar
{{- else if eq $name "metrics-exporter" }}pgbouncer.metricsExporterSidecar
{{- else if eq $name "volume-permissions" }}{{ $section }}.persistence
{{- else if .key }}{{ $section }}.{{ .key }}[{{ $name }}]
{{- else }}{{ $section }}
{{- end }}
{{- end }}
{{- end }}

{{/* Which entry of deploymentPolicy.resources is a container's. Argument: dict case (of which root counts), container. */}}
{{- define "airflow.policy.container.resourcesKey" -}}
{{- $name := .container.name }}
{{- $git := .case.root.Values.dags.gitSync.containerName }}
{{- if hasSuffix "-log-groomer" $name }}log-groomer
{{- else if has $name (list $git (printf "%s-init" $git)) }}git-sync
{{- else if has $name (list "kerberos-init" "worker-kerberos") }}kerberos
{{- else }}{{ $name }}
{{- end }}
{{- end }}

{{/* The key of a container's image. Argument: dict case, container, place (see airflow.policy.container). */}}
{{- define "airflow.policy.container.imageKey" -}}
{{- $git := .case.root.Values.dags.gitSync.containerName }}
{{- $name := trimSuffix "-init" .container.name }}
{{- $keys := dict
      "redis" "images.redis" "statsd" "images.statsd" "pgbouncer" "images.pgbouncer" "metrics-exporter" "images.pgbouncerExporter"
      "flower" "images.flower" "base" "images.pod_template" "postgresql" "postgresql.image" "entrance" "hybrid.image" "dump" "platform.databaseBackup.image" }}
{{- if eq $name $git }}images.gitSync
{{- else if hasKey $keys $name }}{{ get $keys $name }}
{{- else if hasPrefix (include "airflow.image" .case.root) (toString .container.image) }}images.airflow
{{- else }}{{ include "airflow.policy.key" (dict "case" .case "container" .container "key" .place) }}
{{- end }}
{{- end }}

{{/*
Refuses what stands at the key of a pod or container. Argument: dict case, rule, field (after the key), text (what is wrong; what to do);
of a container also container, key.
*/}}
{{- define "airflow.policy.refuseAt" }}
{{- $place := printf "%s%s" (include "airflow.policy.key" .) .field }}
{{- with .container }}{{ $place = printf "%s (container %s)" $place .name }}{{ end }}
{{- include "airflow.policy.refuse" (dict
      "root" .case.root "component" .case.component "rule" .rule "text" (printf "%s: %s" $place .text)) }}
{{- end }}
