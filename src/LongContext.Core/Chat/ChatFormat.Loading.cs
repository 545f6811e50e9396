using LongContext.Chat.Templates;

namespace LongContext.Chat;

public abstract partial class ChatFormat
{
    internal static string Remedy =>
        $"Name a format with ChatFormat.Named ({string.Join(", ", KnownNames)}), or derive one from ChatFormat.";

    /// <summary>The names that <see cref="Named"/> knows, for example "llama3.1", "qwen3" or "mistral-v3".</summary>
    public static IReadOnlyList<string> KnownNames => NamedFormats.Names;

    /// <summary>Finds the format of a Hugging Face folder by its chat template.</summary>
    /// <param name="folder">
    /// A folder with chat_template.jinja or with "chat_template" in tokenizer_config.json: a template, or a list of them of which the
    /// one named "default" counts. Where there are both, the former counts. Templates in additional_chat_templates are for other uses.
    /// </param>
    /// <returns>The format, with the folder's own special tokens.</returns>
    /// <exception cref="ArgumentException"><paramref name="folder"/> is empty.</exception>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="InvalidDataException">A file is damaged or lacks a token that the template needs; the message names file and field.</exception>
    /// <exception cref="NotSupportedException">There is no template, or it is none that is known here; the message says what to do.</exception>
    public static ChatFormat Load(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        if (!Directory.Exists(folder)) throw new DirectoryNotFoundException($"{folder} is not a folder.");
        TemplateSource source = TemplateSource.Read(folder);
        return ChatTemplateCatalog.Find(source).WithTemplate(source.Template);
    }

    /// <summary>As <see cref="Load"/>, but null for a folder that has no template at all.</summary>
    internal static ChatFormat? LoadIfPresent(string folder) => TemplateSource.Exists(folder) ? Load(folder) : null;

    /// <summary>A format by its name, with its model's usual special tokens: for folders whose template is missing or not known.</summary>
    /// <param name="name">One of <see cref="KnownNames"/>.</param>
    /// <exception cref="ArgumentException">There is no such format; the message lists those that there are.</exception>
    public static ChatFormat Named(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return NamedFormats.TryCreate(name)?.WithTemplate(OwnTemplates.Find(name.ToLowerInvariant()))
            ?? throw new ArgumentException($"There is no chat format \"{name}\"; expected one of {string.Join(", ", KnownNames)}.", nameof(name));
    }
}
