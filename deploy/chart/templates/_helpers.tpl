{{- define "cart.name" -}}
{{- .Release.Name | trunc 53 | trimSuffix "-" -}}
{{- end -}}

{{- define "cart.selector" -}}
app.kubernetes.io/name: cart-service
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "cart.labels" -}}
{{ include "cart.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "cart.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{/* Of every pod: nobody, who may nothing, on a file system that cannot be written. */}}
{{- define "cart.podSecurity" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 1000
  runAsGroup: 1000
  fsGroup: 1000
  seccompProfile:
    type: RuntimeDefault
{{- end -}}

{{- define "cart.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
{{- end -}}

{{/* Called with the root and the name of the Secret. */}}
{{- define "cart.environment" -}}
env:
  - name: API_HOST
    value: 0.0.0.0
  - name: API_PORT
    value: {{ .root.Values.containerPort | quote }}
  - name: SHUTDOWN_TIMEOUT_MS
    value: {{ mul .root.Values.shutdownSeconds 1000 | quote }}
  {{- if .root.Values.tls.secretName }}
  - name: API_TLS_CERT_FILE
    value: /etc/cart-tls/tls.crt
  - name: API_TLS_KEY_FILE
    value: /etc/cart-tls/tls.key
  {{- end }}
  {{- if .root.Values.tls.clientCa }}
  - name: API_TLS_CLIENT_CA_FILE
    value: /etc/cart-tls/ca.crt
  {{- end }}
  {{- with .root.Values.managementPort }}
  - name: MANAGEMENT_HOST
    value: 0.0.0.0
  - name: MANAGEMENT_PORT
    value: {{ . | quote }}
  {{- end }}
  {{- if .root.Values.migrations.job }}
  - name: MIGRATIONS
    value: check
  {{- end }}
  {{- range $name, $value := .root.Values.settings }}
  - name: {{ $name }}
    value: {{ $value | quote }}
  {{- end }}
{{- with .secret }}
envFrom:
  - secretRef:
      name: {{ . }}
{{- end }}
{{- end -}}

{{/* Files from Secrets. Called with the root. */}}
{{- define "cart.fileMounts" -}}
{{- if .Values.filesSecret }}
- name: files
  mountPath: /etc/cart-service
  readOnly: true
{{- end }}
{{- if .Values.tls.secretName }}
- name: tls
  mountPath: /etc/cart-tls
  readOnly: true
{{- end }}
{{- end -}}

{{- define "cart.fileVolumes" -}}
{{- with .Values.filesSecret }}
- name: files
  secret:
    secretName: {{ . }}
    defaultMode: 0440
{{- end }}
{{- with .Values.tls.secretName }}
- name: tls
  secret:
    secretName: {{ . }}
    defaultMode: 0440
{{- end }}
{{- end -}}

{{/* Where a probe asks: it can show no certificate, and the operators' port asks for none. */}}
{{- define "cart.probed" -}}
{{- if .Values.managementPort -}}
port: management
{{- else -}}
port: http
{{- if .Values.tls.secretName }}
scheme: HTTPS
{{- end }}
{{- end }}
{{- end -}}

{{- define "cart.pod" -}}
metadata:
  labels:
    {{- include "cart.labels" . | nindent 4 }}
  {{- with .Values.podAnnotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  {{- include "cart.podSecurity" . | nindent 2 }}
  {{- with .Values.image.pullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  # The wait before SIGTERM, the stop, and time to end.
  terminationGracePeriodSeconds: {{ add .Values.preStopSeconds .Values.shutdownSeconds 5 }}
  {{- if eq .Values.store.kind "postgres" }}
  topologySpreadConstraints:
    {{- range $key := list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
    - maxSkew: 1
      topologyKey: {{ $key }}
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "cart.selector" $ | nindent 10 }}
    {{- end }}
  {{- end }}
  {{- with .Values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  containers:
    - name: cart-service
      image: {{ include "cart.image" . | quote }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      {{- include "cart.containerSecurity" . | nindent 6 }}
      {{- include "cart.environment" (dict "root" . "secret" .Values.existingSecret) | nindent 6 }}
      ports:
        - name: http
          containerPort: {{ .Values.containerPort }}
        {{- with .Values.managementPort }}
        - name: management
          containerPort: {{ . }}
        {{- end }}
      # Until it listens: a migration may take its time.
      startupProbe:
        httpGet:
          path: /health/live
          {{- include "cart.probed" . | nindent 10 }}
        periodSeconds: 2
        failureThreshold: 60
      livenessProbe:
        httpGet:
          path: /health/live
          {{- include "cart.probed" . | nindent 10 }}
        timeoutSeconds: 5
      readinessProbe:
        httpGet:
          path: /health/ready
          {{- include "cart.probed" . | nindent 10 }}
        periodSeconds: 5
        timeoutSeconds: 2
        failureThreshold: 2
      {{- if .Values.preStopSeconds }}
      lifecycle:
        preStop:
          exec:
            command: [sleep, {{ .Values.preStopSeconds | quote }}]
      {{- end }}
      resources:
        {{- toYaml .Values.resources | nindent 8 }}
      volumeMounts:
        - name: tmp
          mountPath: /tmp
        {{- if eq .Values.store.kind "sqlite" }}
        - name: data
          mountPath: /app/data
        {{- end }}
        {{- include "cart.fileMounts" . | nindent 8 }}
  volumes:
    - name: tmp
      emptyDir:
        sizeLimit: 64Mi
    {{- include "cart.fileVolumes" . | nindent 4 }}
{{- end -}}

{{/* Of a pod that runs one command of `cart` and ends. Called with the root, the command and the Secret. */}}
{{- define "cart.toolPod" -}}
{{ include "cart.podSecurity" .root }}
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
restartPolicy: Never
containers:
  - name: {{ .command }}
    image: {{ include "cart.image" .root | quote }}
    imagePullPolicy: {{ .root.Values.image.pullPolicy }}
    command: [node, src/cli/cart.ts, {{ .command }}]
    {{- include "cart.containerSecurity" .root | nindent 4 }}
    {{- include "cart.environment" (dict "root" .root "secret" .secret) | nindent 4 }}
    {{- with include "cart.fileMounts" .root }}
    volumeMounts:
      {{- . | nindent 6 }}
    {{- end }}
{{- with include "cart.fileVolumes" .root }}
volumes:
  {{- . | nindent 2 }}
{{- end }}
{{- end -}}
