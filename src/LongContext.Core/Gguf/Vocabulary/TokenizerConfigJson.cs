using System.Text.Json;
using LongContext.Tokenization;

namespace LongContext.Gguf.Vocabulary;

/// <summary>What tokenizer_config.json (and chat_template.jinja beside it) adds: the roles of tokens and the chat templates.</summary>
internal sealed class TokenizerConfigJson
{
    public const string DefaultTemplate = "default";

    private readonly Dictionary<string, string> roles = new(StringComparer.Ordinal);

    /// <summary>Chat templates by name; <see cref="DefaultTemplate"/> for the one without.</summary>
    public Dictionary<string, string> ChatTemplates { get; } = new(StringComparer.Ordinal);

    /// <param name="folder">The folder of tokenizer files; neither file needs to be there.</param>
    /// <exception cref="InvalidDataException">A file is not what it must be.</exception>
    public static TokenizerConfigJson Read(string folder)
    {
        var config = new TokenizerConfigJson();
        string path = Path.Combine(folder, "tokenizer_config.json"), jinja = Path.Combine(folder, "chat_template.jinja");
        if (File.Exists(path))
        {
            using JsonDocument document = JsonField.Parse(path, File.ReadAllBytes(path));
            config.Read(new JsonField(path, "", document.RootElement));
        }

        if (File.Exists(jinja)) config.ChatTemplates[DefaultTemplate] = File.ReadAllText(jinja);
        return config;
    }

    /// <summary>The text of the token with a role such as "bos_token"; null for none.</summary>
    public string? Role(string name) => roles.GetValueOrDefault(name);

    private void Read(JsonField root)
    {
        foreach (string role in new[] { "bos_token", "eos_token", "unk_token", "pad_token" })
        {
            if (root.Optional(role) is not { } field) continue;
            roles[role] = (field.Value.ValueKind == JsonValueKind.Object ? field.Required("content") : field).Text();
        }

        if (root.Optional("chat_template") is not { } templates) return;
        if (templates.Value.ValueKind == JsonValueKind.String)
        {
            ChatTemplates[DefaultTemplate] = templates.Text();
            return;
        }

        foreach (JsonField template in templates.Items()) ChatTemplates[template.Required("name").Text()] = template.Required("template").Text();
    }
}
