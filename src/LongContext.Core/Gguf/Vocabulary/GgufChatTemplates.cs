using System.Text.Json;
using LongContext.Tokenization;

namespace LongContext.Gguf.Vocabulary;

/// <summary>All chat templates of a folder by name, those for other uses as well: of tokenizer_config.json and chat_template.jinja.</summary>
internal static class GgufChatTemplates
{
    /// <summary>The name of the one without.</summary>
    public const string Default = "default";

    /// <param name="folder">The folder of tokenizer files; neither file needs to be there.</param>
    /// <exception cref="InvalidDataException">A file is not what it must be.</exception>
    public static Dictionary<string, string> Read(string folder)
    {
        var templates = new Dictionary<string, string>(StringComparer.Ordinal);
        string config = Path.Combine(folder, "tokenizer_config.json"), jinja = Path.Combine(folder, "chat_template.jinja");
        if (File.Exists(config))
        {
            using JsonDocument document = JsonField.Parse(config, File.ReadAllBytes(config));
            if (new JsonField(config, "", document.RootElement).Optional("chat_template") is { } field) Add(field, templates);
        }

        if (File.Exists(jinja)) templates[Default] = File.ReadAllText(jinja);
        return templates;
    }

    private static void Add(JsonField field, Dictionary<string, string> templates)
    {
        if (field.Value.ValueKind == JsonValueKind.String)
        {
            templates[Default] = field.Text();
            return;
        }

        foreach (JsonField template in field.Items()) templates[template.Required("name").Text()] = template.Required("template").Text();
    }
}
