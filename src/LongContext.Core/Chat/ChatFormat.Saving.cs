using System.Text.Json.Nodes;
using LongContext.Chat.Templates;
using LongContext.Checkpoints;

namespace LongContext.Chat;

public abstract partial class ChatFormat
{
    private const long MaximumConfigBytes = 100_000_000;

    private string? template;

    /// <summary>
    /// The chat template (Jinja) with which other programs, and <see cref="Load"/>, write conversations as this format does: that of the folder that the format was loaded from; of formats by name
    /// this library's own for chatml, llama3, zephyr, gemma and gemma3; null for one without. A derived format may bring its own, which is never run here.
    /// </summary>
    public virtual string? Template => template;

    /// <summary>
    /// Writes <see cref="Template"/> into a model's folder, as "chat_template" of tokenizer_config.json (and into chat_template.jinja where there is one, since it counts before), so that the model is asked as it
    /// was taught. A folder whose template does the same already stays as it is; templates for other uses stay.
    /// </summary>
    /// <param name="folder">The folder; it must exist.</param>
    /// <exception cref="ArgumentException"><paramref name="folder"/> is empty.</exception>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="NotSupportedException">
    /// The format has no template, with the folder's special tokens it would write otherwise, or tokenizer_config.json is damaged; the message says what the folder has.
    /// </exception>
    /// <exception cref="IOException">Writing failed.</exception>
    public void SaveTemplate(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        if (TrySaveTemplate(folder) is { } fault) throw new NotSupportedException(fault);
    }

    /// <summary>As <see cref="SaveTemplate"/>, but says why it cannot be done; null where it is done.</summary>
    internal string? TrySaveTemplate(string folder)
    {
        if (!Directory.Exists(folder)) throw new DirectoryNotFoundException($"{folder} is not a folder.");
        try
        {
            return SaveUnlessAlike(folder);
        }
        catch (InvalidDataException fault)
        {
            return $"The template of the chat format \"{Name}\" cannot be written to the tokenizer's files in '{folder}': {fault.Message}";
        }
        catch (Exception fault) when (fault is not (IOException or UnauthorizedAccessException or OutOfMemoryException))
        {
            return $"The chat format \"{Name}\" failed when its template was to be saved to '{folder}' ({fault.GetType().Name}): {fault.Message}";
        }
    }

    private string? SaveUnlessAlike(string folder)
    {
        ChatFormat? there = null;
        string found = "has no chat template";
        try
        {
            there = LoadIfPresent(folder);
            if (there is not null) found = $"has another chat template ({there})";
        }
        catch (Exception unusable) when (unusable is NotSupportedException or InvalidDataException)
        {
            found = "has a chat template that cannot be used here";
        }

        if (there is not null && ChatProbe.AreAlike(this, there)) return null;
        if (Template is not { } text)
            return $"The chat format \"{Name}\" has no template that could be saved, and '{folder}' {found}: whoever asks the model has to name the format (LongContextChatClientOptions.ChatFormat).";
        try
        {
            if (!ChatProbe.AreAlike(this, ChatTemplateCatalog.Find(TemplateSource.Of(folder, text))))
                return $"The template of the chat format \"{Name}\" would write otherwise with the special tokens of '{folder}', which {found}: bos_token and eos_token in tokenizer_config.json must be those of the format.";
        }
        catch (NotSupportedException)
        {
            // A derived format's own: it is not known here, and nothing can be said of what it writes.
        }
        catch (InvalidDataException fault)
        {
            return $"The template of the chat format \"{Name}\" cannot be used with the tokenizer's files in '{folder}', which {found}: {fault.Message}";
        }

        WriteTemplate(folder, text);
        return null;
    }

    /// <summary>For who makes the format: where its template came from.</summary>
    internal ChatFormat WithTemplate(string? text)
    {
        template = text;
        return this;
    }

    private static void WriteTemplate(string folder, string text)
    {
        string path = Path.Combine(folder, TemplateSource.ConfigName), jinja = Path.Combine(folder, TemplateSource.TemplateName);
        JsonObject config = File.Exists(path) ? CheckpointJson.ReadObject(path, MaximumConfigBytes) : [];
        if (config["chat_template"] is JsonArray several && several.OfType<JsonObject>().FirstOrDefault(item => item["name"]?.ToString() == "default") is { } entry) entry["template"] = text;
        else if (config["chat_template"] is JsonArray others) others.Add(new JsonObject { ["name"] = "default", ["template"] = text });
        else config["chat_template"] = text;
        AtomicFile.Write(path, stream => stream.Write(CheckpointJson.ToUtf8(config)));
        if (File.Exists(jinja)) AtomicFile.WriteAllText(jinja, text);
    }
}
