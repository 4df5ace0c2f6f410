{{- define "streamwarden.name" -}}
{{ .Release.Name | trunc 40 | trimSuffix "-" }}
{{- end }}

{{- define "streamwarden.labels" -}}
app.kubernetes.io/name: streamwarden
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}
