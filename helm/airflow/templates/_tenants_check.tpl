{{/* Values of tenants that contradict one another or what the platform can do. */}}

{{/* Fails with all that is wrong, one line each. Argument: list root tenants. */}}
{{- define "airflow.tenants.check" -}}
{{- $root := index . 0 }}
{{- $wrong := list }}
{{- $shared := $root.Values.tenancy }}
{{- if not $shared.environment }}
{{- $wrong = append $wrong "tenancy.environment: is empty, and the secrets store knows the tenants' policies by it: write the environment's name" }}
{{- end }}
{{- if not (include "airflow.executor.kubernetes" $root) }}
{{- $wrong = append $wrong (printf "executor: tenants' code runs in pods of the Kubernetes executor, and %q has none: write CeleryExecutor,KubernetesExecutor" $root.Values.executor) }}
{{- end }}
{{- range printf "%s\n%s" (include "airflow.agent.mistakes" $root) (include "airflow.logs.mistakes" $root) | trim | splitList "\n" }}
{{- with trim . }}{{ $wrong = append $wrong . }}{{ end }}
{{- end }}
{{- if $root.Values.dags.persistence.enabled }}
{{- $wrong = append $wrong "dags.persistence.enabled: a volume claim is not in the namespaces of tenants: use dags.gitSync, a DAG bundle, or an image" }}
{{- end }}
{{- range $tenant := index . 1 }}
{{- range $message := include "airflow.tenant.mistakes" (list $root $tenant) | trim | splitList "\n" }}
{{- with trim $message }}{{ $wrong = append $wrong (printf "tenants.%s.%s" $tenant.name .) }}{{ end }}
{{- end }}
{{- end }}
{{- if $wrong }}{{ fail (printf "\n%s" (join "\n" $wrong)) }}{{ end }}
{{- end }}

{{/* What is wrong with one tenant, a line each. Argument: list root tenant. */}}
{{- define "airflow.tenant.mistakes" -}}
{{- $root := index . 0 }}
{{- $tenant := index . 1 }}
{{- $values := $tenant.values }}
{{- if not (regexMatch "^[a-z][a-z0-9]{1,30}$" $tenant.name) }}
(name): use 2 to 31 lower-case letters and digits, a letter first, no separator
{{- end }}
{{- range $tenant.zones }}
{{- if not (regexMatch "^[a-z][a-z0-9_]{0,21}$" .name) }}
zones.{{ .name }}: use 1 to 22 lower-case letters, digits and '_', a letter first
{{- end }}
{{- if and (include "airflow.logs.sent" $root) (not .values.logsRole) }}
zones.{{ .name }}.logsRole: is empty: name the role by which its logs are sent, or write tenancy.logs.store: none
{{- end }}
{{- end }}
{{- if not $tenant.zones }}
zones: is empty: name the trust zones whose pods run the tenant's tasks, such as default: {}
{{- end }}
{{- if and $values.image.repository (not $values.image.tag) (not $values.image.digest) }}
image: has a repository and neither tag nor digest: write the digest of the tenant's image
{{- end }}
{{- if and $values.data.existingClaim (not $values.data.enabled) }}
data.existingClaim: has no effect with data.enabled: false
{{- end }}
{{- if and $values.dagProcessor.enabled (not $values.dagProcessor.bundle) }}
dagProcessor.bundle: is empty: name the DAG bundle that this DAG processor reads
{{- end }}
{{- if and $values.triggerer.enabled (not $values.triggerer.queues) }}
triggerer.queues: is empty: the tenant's triggerer would take everybody's triggers
{{- end }}
{{- if and $values.triggerer.enabled (ne (toString ($root.Values.config.triggerer | default dict).queues_enabled) "True") }}
triggerer.enabled: triggers know no queues: write config.triggerer.queues_enabled: "True"
{{- end }}
{{- if and $values.workers.enabled (not $values.workers.queues) }}
workers.queues: is empty: name the queues that the tenant's own workers serve
{{- end }}
{{- end }}
