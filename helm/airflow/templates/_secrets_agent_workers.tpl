{{/* The secrets agent beside Celery workers of a zone or of a tenant; nothing of it is there unless their set has one (airflow.workerSets). */}}

{{/* Argument of the definitions below where nothing else is said: dict root, values (with secretsAgent, the name of the config map with its settings). */}}
{{- define "airflow.agent.ofWorkers" -}}
{{- if .values.secretsAgent }}
{{- include "airflow.agent.container" (dict
      "root" .root "name" "secrets" "image" (include "airflow.image" .root) "security" (include "airflow.agent.workersSecurity" .)) }}
{{- end }}
{{- end }}

{{/* Strict, and as the user of the workers: at a socket the kernel tells who asks by the number of a user. */}}
{{- define "airflow.agent.workersSecurity" -}}
{{ include "airflow.hardened.container" nil }}
{{- with include "airflow.security.container" . | fromYaml }}
{{- if hasKey . "runAsUser" }}
runAsUser: {{ int64 .runAsUser }}
{{- end }}
{{- end }}
{{- end }}

{{- define "airflow.agent.workersMount" -}}
{{- if .values.secretsAgent }}
- {name: secrets, mountPath: /run/aerodrome/secrets, readOnly: true}
{{- end }}
{{- end }}

{{- define "airflow.agent.workersVolumes" -}}
{{- if .values.secretsAgent }}
{{ include "airflow.agent.volumesOfTasks" .root | trim }}
- name: agent-settings
  configMap:
    name: {{ .values.secretsAgent }}
{{- end }}
{{- end }}

{{/* Variables of workers that ask one. Argument: the root context. */}}
{{- define "airflow.agent.workersEnv" -}}
- name: AIRFLOW__AERODROME__ENVIRONMENT
  value: {{ .Values.tenancy.environment | quote }}
{{- include "airflow.agent.clientEnv" . }}
{{- end }}

{{/* Lines that say what is wrong with where secrets and results are. Argument: the root context. */}}
{{- define "airflow.agent.mistakes" -}}
{{- $tenancy := .Values.tenancy }}
{{- $store := $tenancy.secrets.store }}
{{- if and (eq $store "vault") (not $tenancy.secrets.vault.address) }}
tenancy.secrets.vault.address: is empty: write the address of Vault or OpenBao, or tenancy.secrets.store: none
{{- end }}
{{- if and $tenancy.networkPolicy.enabled (ne $store "none") (not $tenancy.networkPolicy.secretsStore.to) }}
tenancy.networkPolicy.secretsStore.to: is empty, so no task reaches the secrets store: name it as a peer (namespaceSelector, podSelector or ipBlock)
{{- end }}
{{- if eq $store "ssm" }}
{{- include "airflow.agent.accountMistakes" (list "tenancy.secrets.ssm" $tenancy.secrets.ssm) }}
{{- end }}
{{- if eq $tenancy.results.store "s3" }}
{{- if not $tenancy.results.s3.bucket }}
tenancy.results.s3.bucket: is empty: name the bucket, or write tenancy.results.store: database
{{- end }}
{{- include "airflow.agent.accountMistakes" (list "tenancy.results.s3" $tenancy.results.s3) }}
{{- end }}
{{- end }}

{{/* Argument: list key section. */}}
{{- define "airflow.agent.accountMistakes" -}}
{{- $aws := index . 1 }}
{{- if not $aws.region }}
{{ index . 0 }}.region: is empty: name the region, such as eu-central-1
{{- end }}
{{- if not (regexMatch "^[0-9]{12}$" (toString $aws.account)) }}
{{ index . 0 }}.account: must be the 12 digits of the account, in quotes
{{- end }}
{{- if not (contains "{zone}" (toString $aws.agentRole)) }}
{{ index . 0 }}.agentRole: must be the ARN of the role of a zone's workers, with {zone} in it
{{- end }}
{{- end }}
