using LongContext.Gguf;
using LongContext.Gguf.Vocabulary;
using LongContext.Models;
using LongContext.Tokenization;
using static TorchSharp.torch;

namespace LongContext.Export;

/// <summary>Writes models as GGUF files for llama.cpp and what is built on it, such as LLamaSharp and Ollama.</summary>
public static class GgufExporter
{
    /// <summary>
    /// Writes a model with its tokenizer, chat template and rope scaling into one file, so that llama.cpp computes what this library
    /// does. Tensors pass through memory some rows at a time; the file takes its place only once it is complete. Quantised weights are written as the
    /// values that the model computes with, in the type asked for: llama.cpp's own quantised types are not those of this library.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="path">The file to make; its folder must exist.</param>
    /// <param name="options">Element type, tokenizer, name; null for all defaults.</param>
    /// <param name="progress">Told after each tensor.</param>
    /// <param name="cancellationToken">Ends the writing; nothing is left then.</param>
    /// <exception cref="ArgumentException">An option cannot be used.</exception>
    /// <exception cref="NotSupportedException">
    /// Something llama.cpp cannot express: dynamic NTK scaling, a pre-tokenizer it has no name for, and the like; the message names it. Or
    /// a weight that does not fit the type.
    /// </exception>
    /// <exception cref="InvalidDataException">A file of the tokenizer is not what it must be; the message names it and the field.</exception>
    /// <exception cref="IOException">The file is there already and not to be replaced, the tokenizer is missing, or writing failed.</exception>
    /// <exception cref="InvalidOperationException">The model has an adapter that is not merged, or a run trains it on another thread.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static void Export(
        CausalLanguageModel model,
        string path,
        GgufExportOptions? options = null,
        IProgress<GgufExportProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentException.ThrowIfNullOrEmpty(path);
        model.ThrowIfDisposed();
        using IDisposable? reading = model.BeginReading("exported");
        model.ThrowIfAdapterIsApart();
        options ??= new GgufExportOptions();
        GgufTensorType type = options.ElementType ?? OwnType(model.DataType);
        if (!type.IsKnown())
            throw new ArgumentException($"{nameof(GgufExportOptions)}.{nameof(options.ElementType)} is {(int)type}, expected one of the named types.", nameof(options));
        if (!options.Overwrite && File.Exists(path))
            throw new IOException($"'{path}' is there already; {nameof(GgufExportOptions)}.{nameof(options.Overwrite)} replaces it.");

        string parent = Path.GetDirectoryName(Path.GetFullPath(path)) ?? "";
        if (!Directory.Exists(parent)) throw new DirectoryNotFoundException($"There is no folder '{parent}' for the file '{path}': make it first.");
        GgufArchitecture architecture = GgufArchitecture.Of(model.Config);
        GgufLimits.Check(model.Config, model.Shape, architecture, options.AllowFullAttention);
        GgufRope rope = GgufRope.Read(model.Config, model.Shape, architecture);

        GgufVocabulary? vocabulary = ReadVocabulary(model, options, out string? folder);
        var metadata = new GgufMetadata();
        string name = options.Name ?? GgufName.Of(model, vocabulary?.StripsAfterSpecialTokens ?? false);
        GgufHyperparameters.WriteGeneral(metadata, architecture, name, type);
        GgufHyperparameters.Write(metadata, architecture, model.Config, model.Shape);
        rope.WriteTo(metadata);
        WriteTokenizer(metadata, vocabulary, folder, model, options.ChatTemplate);

        var report = new Report(progress);
        var plan = new GgufTensorPlan(model, architecture, type);
        IReadOnlyList<GgufTensorEntry> entries = [.. rope.Tensors, .. plan.Entries(report.Written, cancellationToken)];
        report.Begin(entries, rope.Tensors.Count);
        GgufWriter.Write(path, metadata, entries);
    }

    private static GgufVocabulary? ReadVocabulary(CausalLanguageModel model, GgufExportOptions options, out string? folder)
    {
        folder = null;
        if (options.WithoutTokenizer) return null;
        folder = options.TokenizerFolder ?? model.SourceFolder
            ?? throw new ArgumentException(
                $"The model was not loaded from a folder; {nameof(GgufExportOptions)}.{nameof(options.TokenizerFolder)} must say where its tokenizer is, "
                + $"or {nameof(options.WithoutTokenizer)} that it gets none.",
                nameof(options));
        return new GgufVocabulary(HuggingFaceTokenizer.Load(folder), model.Config.VocabularySize);
    }

    private static void WriteTokenizer(GgufMetadata metadata, GgufVocabulary? vocabulary, string? folder, CausalLanguageModel model, string? chatTemplate)
    {
        if (vocabulary is null)
        {
            metadata.Set("tokenizer.ggml.model", "none");
        }
        else
        {
            vocabulary.WriteTo(metadata);
            vocabulary.WriteSpecialIds(metadata, model.Config.BeginningOfSentenceTokenId, model.StopTokenIds);
        }

        Dictionary<string, string> templates = folder is null ? [] : GgufChatTemplates.Read(folder);
        if (chatTemplate is not null) templates[GgufChatTemplates.Default] = chatTemplate;
        foreach ((string name, string text) in templates)
            metadata.Set(name == GgufChatTemplates.Default ? "tokenizer.chat_template" : $"tokenizer.chat_template.{name}", text);
    }

    private static GgufTensorType OwnType(ScalarType type) => type switch
    {
        ScalarType.Float16 => GgufTensorType.Float16,
        ScalarType.BFloat16 => GgufTensorType.BFloat16,
        _ => GgufTensorType.Float32,
    };

    /// <summary>Counts for an <see cref="IProgress{T}"/>.</summary>
    private sealed class Report(IProgress<GgufExportProgress>? progress)
    {
        private Dictionary<string, long> sizes = [];
        private long total;
        private long bytes;
        private int tensors;

        public void Begin(IReadOnlyList<GgufTensorEntry> entries, int small)
        {
            sizes = entries.ToDictionary(entry => entry.Name, entry => entry.ByteLength, StringComparer.Ordinal);
            total = entries.Sum(entry => entry.ByteLength);
            (tensors, bytes) = (small, entries.Take(small).Sum(entry => entry.ByteLength));
        }

        public void Written(string name)
        {
            bytes += sizes[name];
            progress?.Report(new GgufExportProgress(name, ++tensors, sizes.Count, bytes, total));
        }
    }
}
