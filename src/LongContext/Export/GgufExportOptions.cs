using LongContext.Gguf;
using LongContext.Models;

namespace LongContext.Export;

/// <summary>How a model is written as a GGUF file.</summary>
public sealed class GgufExportOptions
{
    /// <summary>
    /// Type of the matrices; vectors stay in single precision, as llama.cpp wants them. Matrices whose rows are no multiple of 32 are in
    /// half precision where <see cref="GgufTensorType.Q4_0"/> or <see cref="GgufTensorType.Q8_0"/> is asked for. Default null: the model's own type.
    /// </summary>
    public GgufTensorType? ElementType { get; init; }

    /// <summary>
    /// Folder of tokenizer.json or tokenizer.model, and of tokenizer_config.json and chat_template.jinja. Default null: the one the model was
    /// loaded from.
    /// </summary>
    public string? TokenizerFolder { get; init; }

    /// <summary>Whether the file gets no tokenizer, so that it takes token ids alone. Default false.</summary>
    public bool WithoutTokenizer { get; init; }

    /// <summary>The chat template (Jinja) in place of the folder's. Default null: the folder's, if it has one.</summary>
    public string? ChatTemplate { get; init; }

    /// <summary>
    /// The model's name (<c>general.name</c>). Default null: the name of the folder the model was loaded from, or its family. llama.cpp
    /// takes a name with "phi-3" or "phi3" in it as word that white space after special tokens is swallowed; the default is made to fit.
    /// </summary>
    public string? Name { get; init; }

    /// <summary>Whether a file that is there already is replaced. Default false.</summary>
    public bool Overwrite { get; init; }

    /// <summary>
    /// Whether layers with a sliding window may become layers that see everything, where llama.cpp has no windows for the family (all but
    /// Gemma): the same numbers for texts up to the window, other ones beyond. Default false: such a model is refused, unless
    /// <see cref="CausalLanguageModel.ContextLength"/> is within its window.
    /// </summary>
    public bool AllowFullAttention { get; init; }
}
