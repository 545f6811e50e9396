using System.Text;
using System.Text.Json;
using LongContext.Tokenization;

namespace LongContext.Chat.Templates;

/// <summary>A folder's chat template and the tokens that it may name.</summary>
/// <param name="File">The file that it stands in, for complaints.</param>
/// <param name="Template">The template.</param>
/// <param name="ConfigFile">tokenizer_config.json, for complaints.</param>
/// <param name="BeginningOfSentence">The "bos_token", or null.</param>
/// <param name="EndOfSentence">The "eos_token", or null.</param>
internal sealed record TemplateSource(string File, string Template, string ConfigFile, string? BeginningOfSentence, string? EndOfSentence)
{
    public const string ConfigName = "tokenizer_config.json";
    public const string TemplateName = "chat_template.jinja";
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>A template's bos_token; as in Jinja, nothing where there is none.</summary>
    public string Beginning => BeginningOfSentence ?? "";

    /// <summary>A template's eos_token, which it joins to other text, so that it must be there.</summary>
    public string End => EndOfSentence
        ?? throw new InvalidDataException($"{ConfigFile}: the field \"eos_token\" is missing, and the chat template needs it.");

    /// <summary>Reads chat_template.jinja, else "chat_template" of tokenizer_config.json; as for transformers, the former wins.</summary>
    public static TemplateSource Read(string folder)
    {
        string file = Path.Combine(folder, TemplateName), configFile = Path.Combine(folder, ConfigName);
        using JsonDocument? document =
            System.IO.File.Exists(configFile) ? JsonField.Parse(configFile, System.IO.File.ReadAllBytes(configFile)) : null;
        JsonField? root = document is null ? null : new JsonField(configFile, "", document.RootElement);
        string? begin = Token(root, "bos_token"), end = Token(root, "eos_token");
        if (System.IO.File.Exists(file)) return new TemplateSource(file, Text(file), configFile, begin, end);
        return root?.Optional("chat_template") is { } field
            ? new TemplateSource(configFile, Default(field), configFile, begin, end)
            : throw new NotSupportedException(
                $"{folder}: no chat template, neither {TemplateName} nor \"chat_template\" in {ConfigName}. {ChatFormat.Remedy}");
    }

    /// <summary>A template as it would be in a folder, with the tokens that the folder names.</summary>
    public static TemplateSource Of(string folder, string template)
    {
        string configFile = Path.Combine(folder, ConfigName);
        using JsonDocument? document =
            System.IO.File.Exists(configFile) ? JsonField.Parse(configFile, System.IO.File.ReadAllBytes(configFile)) : null;
        JsonField? root = document is null ? null : new JsonField(configFile, "", document.RootElement);
        return new TemplateSource(configFile, template, configFile, Token(root, "bos_token"), Token(root, "eos_token"));
    }

    /// <summary>Whether a folder has a template, known or not.</summary>
    public static bool Exists(string folder)
    {
        if (System.IO.File.Exists(Path.Combine(folder, TemplateName))) return true;
        string configFile = Path.Combine(folder, ConfigName);
        if (!System.IO.File.Exists(configFile)) return false;
        using JsonDocument document = JsonField.Parse(configFile, System.IO.File.ReadAllBytes(configFile));
        return new JsonField(configFile, "", document.RootElement).Optional("chat_template") is not null;
    }

    private static string Default(JsonField field)
    {
        if (field.Value.ValueKind != JsonValueKind.Array) return field.Text();
        List<string> names = [];
        foreach (JsonField item in field.Items())
        {
            string name = item.Required("name").Text();
            if (name == "default") return item.Required("template").Text();
            names.Add(name);
        }

        string fault = field.Fault($"no template is named \"default\" among {string.Join(", ", names)}").Message;
        throw new NotSupportedException($"{fault} {ChatFormat.Remedy}");
    }

    private static string? Token(JsonField? root, string name)
    {
        if (root?.Optional(name) is not { } field) return null;
        return field.Value.ValueKind == JsonValueKind.Object ? field.Required("content").Text() : field.Text();
    }

    private static string Text(string file)
    {
        // Read no more than could be a template: four bytes to a character.
        if (new FileInfo(file).Length > 4L * TemplateLexer.MaximumLength)
            throw new NotSupportedException($"{file}: longer than any known chat template. {ChatFormat.Remedy}");
        try
        {
            return StrictUtf8.GetString(System.IO.File.ReadAllBytes(file)).TrimStart('\uFEFF');
        }
        catch (DecoderFallbackException e)
        {
            throw new InvalidDataException($"{file}: not valid UTF-8 at byte {e.Index}.", e);
        }
    }
}
