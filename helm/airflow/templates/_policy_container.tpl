{{/* What the company's policy makes of a container. For the argument *case* see _policy_pod.tpl. */}}

{{/*
Completes one container. Argument: dict case, container, serves (false: it ends before the others begin), key (where the values add it, if
it is none of the chart's own).
*/}}
{{- define "airflow.policy.container" }}
{{- include "airflow.policy.container.context" . }}
{{- if not (has "resources" .case.excepted) }}
{{- include "airflow.policy.container.resources" . }}
{{- end }}
{{- include "airflow.policy.container.secrets" . }}
{{- include "airflow.policy.image" (dict
      "root" .case.root "component" .case.component "image" (toString .container.image) "case" .case "container" .container "place" .key) }}
{{- /* What a worker would serve are logs, for which it lacks the key: nobody listens. */}}
{{- if and .serves .container.ports (ne .container.name "worker") (not (or .container.livenessProbe .container.readinessProbe)) }}
{{- include "airflow.policy.refuseAt" (merge (dict "rule" "probes" "field" "" "text" "has ports and no probe; add a readinessProbe or livenessProbe") .) }}
{{- end }}
{{- range .container.ports }}
{{- if .hostPort }}
{{- include "airflow.policy.refuseAt" (merge (dict "rule" "hostAccess" "field" "" "text" (printf "hostPort %v is a port of the node; use a service" .hostPort)) $) }}
{{- end }}
{{- end }}
{{- end }}

{{/*
Containers, given as YAML, completed, whatever the profile: for pods in the namespaces of tenants, which take no others.
Argument: dict root, component, given, volume (of the pod: where they may write).
*/}}
{{- define "airflow.policy.containers" -}}
{{- with .given }}
{{- $case := dict }}
{{- include "airflow.policy.case" (list $ $case) }}
{{- range $key, $value := $ }}{{ $_ := set $case $key $value }}{{ end }}
{{- $containers := fromYamlArray . }}
{{- range $containers }}{{ include "airflow.policy.container" (dict "case" $case "container" . "serves" false "key" "") }}{{ end }}
{{- toYaml $containers }}
{{- end }}
{{- end }}

{{- define "airflow.policy.container.context" }}
{{- $excepted := .case.excepted }}
{{- $context := .container.securityContext | default dict }}
{{- include "airflow.policy.complete" (list $excepted $context (dict
      "privilegeEscalation" (dict "allowPrivilegeEscalation" false) "readOnlyRootFilesystem" (dict "readOnlyRootFilesystem" true))) }}
{{- if not (has "capabilities" $excepted) }}
{{- $_ := set $context "capabilities" (merge (dict "drop" (list "ALL")) ($context.capabilities | default dict)) }}
{{- end }}
{{- include "airflow.policy.contextCheck" (dict "context" $context "case" .case "container" .container "key" .key) }}
{{- if and (eq .container.name "volume-permissions") (has "nonRoot" $excepted) (hasKey $context "capabilities") }}
{{- /* Who may be root here is so to give files away. */}}
{{- $_ := set $context.capabilities "add" (list "CHOWN" "DAC_OVERRIDE") }}
{{- end }}
{{- $_ := set .container "securityContext" $context }}
{{- if eq (toString $context.readOnlyRootFilesystem) "true" }}{{ include "airflow.policy.container.writable" . }}{{ end }}
{{- end }}

{{/* Gives the fields of a context that are not set. Argument: list excepted context asked (rule → field → value). */}}
{{- define "airflow.policy.complete" }}
{{- $context := index . 1 }}
{{- range $rule, $fields := index . 2 }}
{{- if not (has $rule (index $ 0)) }}
{{- range $field, $value := $fields }}
{{- if kindIs "invalid" (index $context $field) }}{{ $_ := set $context $field $value }}{{ end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* Refuses what a context may not say. Argument: dict case, context; of a container also container, key. */}}
{{- define "airflow.policy.contextCheck" }}
{{- $arguments := . }}
{{- $context := .context }}
{{- $said := dict }}
{{- range $field := list "runAsUser" "runAsNonRoot" "allowPrivilegeEscalation" "readOnlyRootFilesystem" "privileged" "procMount" }}
{{- $_ := set $said $field (toString (index $context $field)) }}
{{- end }}
{{- $added := without ((($context.capabilities | default dict).add) | default list) "NET_BIND_SERVICE" }}
{{- $selinux := $context.seLinuxOptions | default dict }}
{{- $safe := list "kernel.shm_rmid_forced" "net.ipv4.ip_local_port_range" "net.ipv4.ip_unprivileged_port_start" "net.ipv4.tcp_syncookies" "net.ipv4.ping_group_range" }}
{{- $unsafe := list }}
{{- range $context.sysctls }}{{ if not (has .name $safe) }}{{ $unsafe = append $unsafe .name }}{{ end }}{{ end }}
{{- range list
      (list "nonRoot" (eq $said.runAsUser "0") "runAsUser is 0, which is root; name another user")
      (list "nonRoot" (eq $said.runAsNonRoot "false") "runAsNonRoot is false; leave it out")
      (list "seccomp" (eq (toString ($context.seccompProfile | default dict).type) "Unconfined") "seccompProfile.type is Unconfined; leave it out")
      (list "privilegeEscalation" (eq $said.allowPrivilegeEscalation "true") "allowPrivilegeEscalation is true; leave it out")
      (list "capabilities" $added (printf "capabilities.add names %s; leave them out" (join ", " $added)))
      (list "readOnlyRootFilesystem" (eq $said.readOnlyRootFilesystem "false") "readOnlyRootFilesystem is false; mount a volume where the container writes")
      (list "hostAccess" (eq $said.privileged "true") "privileged is true; leave it out")
      (list "hostAccess" (eq $said.procMount "Unmasked") "procMount is Unmasked; leave it out")
      (list "hostAccess" (eq (toString ($context.appArmorProfile | default dict).type) "Unconfined") "appArmorProfile.type is Unconfined; leave it out")
      (list "hostAccess" (or $selinux.user $selinux.role) "seLinuxOptions names a user or role; leave them out")
      (list "hostAccess" ($context.windowsOptions | default dict).hostProcess "windowsOptions.hostProcess is true; leave it out")
      (list "hostAccess" $unsafe (printf "sysctls names %s, which other pods feel; leave them out" (join ", " $unsafe))) }}
{{- if index . 1 }}
{{- include "airflow.policy.refuseAt" (merge (dict "rule" (index . 0) "field" ".securityContexts" "text" (index . 2)) $arguments) }}
{{- end }}
{{- end }}
{{- end }}

{{/* Places where programs write whatever they do; the volume comes with the pod. Argument: as airflow.policy.container. */}}
{{- define "airflow.policy.container.writable" }}
{{- $container := .container }}
{{- $paths := dict "/tmp" "tmp" }}
{{- range .container.env }}
{{- if eq .name "AIRFLOW_HOME" }}{{ $_ := set $paths (include "airflow.path.logs" $.case.root) "logs" }}{{ end }}
{{- end }}
{{- range .container.volumeMounts }}{{ $_ := unset $paths (trimSuffix "/" .mountPath) }}{{ end }}
{{- range $path, $name := $paths }}
{{- $mount := dict "name" ($.case.volume | default "writable") "mountPath" $path "subPath" (printf "%s-%s" $container.name $name) }}
{{- $_ := set $container "volumeMounts" (append ($container.volumeMounts | default list) $mount) }}
{{- $_ := set $.case "writes" true }}
{{- end }}
{{- end }}

{{/*
Puts into the container what it asks for and may use: what its section says, completed from deploymentPolicy.resources. A limit alone is what
it asks for too, as in Kubernetes; what is asked for alone is limited by no less. Argument: dict case (of which root counts), container.
*/}}
{{- define "airflow.policy.container.resources" -}}
{{- $defaults := .case.root.Values.deploymentPolicy.resources }}
{{- $own := get $defaults (include "airflow.policy.container.resourcesKey" .) | default dict }}
{{- $default := dict
      "requests" (merge (dict) ($own.requests | default dict) $defaults.other.requests)
      "limits" (merge (dict) ($own.limits | default dict) $defaults.other.limits) }}
{{- $given := .container.resources | default dict }}
{{- $requests := merge (dict) ($given.requests | default dict) }}
{{- $limits := merge (dict) ($given.limits | default dict) }}
{{- range list "cpu" "memory" }}
{{- $request := index $requests . }}
{{- $limit := index $limits . }}
{{- $usual := index $default.limits . }}
{{- if and (not $request) $limit }}{{ $_ := set $requests . $limit }}
{{- else if and $request (not $limit) }}
{{- $enough := ge (include "airflow.policy.quantity" $usual | float64) (include "airflow.policy.quantity" $request | float64) }}
{{- $_ := set $limits . (ternary $usual $request $enough) }}
{{- else if not $request }}
{{- $_ := set $requests . (index $default.requests .) }}
{{- $_ := set $limits . $usual }}
{{- end }}
{{- end }}
{{- $_ := set .container "resources" (merge (dict "requests" $requests "limits" $limits) $given) }}
{{- end }}

{{/*
Resources of a component's main container as YAML, before its pod is rendered. Argument: list root component given.
*/}}
{{- define "airflow.policy.resourcesOf" -}}
{{- $root := index . 0 }}
{{- $name := index . 1 }}
{{- if or (include "airflow.policy.official" $root) (include "airflow.policy.excepts" (dict "root" $root "component" $name "rule" "resources")) }}
{{- index . 2 | toYaml }}
{{- else }}
{{- $container := dict "name" $name "resources" (index . 2) }}
{{- include "airflow.policy.container.resources" (dict "case" (dict "root" $root) "container" $container) }}
{{- toYaml $container.resources }}
{{- end }}
{{- end }}

{{/* A quantity as Kubernetes writes them, such as 500m or 2Gi, as a number. */}}
{{- define "airflow.policy.quantity" -}}
{{- $text := toString . }}
{{- $unit := regexFind "(m|k|[KMGTPE]i|[MGTPE])$" $text }}
{{- $factors := dict "" 1.0 "m" 0.001 "k" 1e3 "M" 1e6 "G" 1e9 "T" 1e12 "P" 1e15 "E" 1e18
      "Ki" 1024.0 "Mi" 1048576.0 "Gi" 1073741824.0 "Ti" 1099511627776.0 "Pi" 1125899906842624.0 "Ei" 1152921504606846976.0 }}
{{- mulf (trimSuffix $unit $text | float64) (get $factors $unit) }}
{{- end }}

{{/* Refuses secrets that the component may not hold, by the variable's name and by the secret's. */}}
{{- define "airflow.policy.container.secrets" }}
{{- $arguments := . }}
{{- $withheld := .case.withheld }}
{{- range .container.env }}
{{- $secret := (.valueFrom | default dict).secretKeyRef | default dict }}
{{- if or (has (printf "%v/%v" $secret.name $secret.key) $arguments.case.withheldKeys) (and (or .value .valueFrom) (has (regexReplaceAll "_(CMD|SECRET)$" .name "") $arguments.case.forbidden)) }}
{{- include "airflow.policy.refuseAt" (merge (dict "rule" "secrets" "field" ".env" "text" (printf
      "%s is a secret that the component may not hold; leave it out, also of env, secret and extraEnv, which are for all (data.metadataSecretName, fernetKeySecretName, jwtSecretName and apiSecretKeySecretName give it to those who may)"
      .name)) $arguments) }}
{{- end }}
{{- end }}
{{- range .container.envFrom }}
{{- $secret := (.secretRef | default dict).name }}
{{- if has $secret $withheld }}
{{- include "airflow.policy.refuseAt" (merge (dict "rule" "secrets" "field" ".envFrom" "text" (printf
      "%s is a secret that the component may not hold; leave it out, also of extraEnvFrom, which is for all" $secret)) $arguments) }}
{{- end }}
{{- end }}
{{- end }}
