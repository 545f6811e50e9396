using LongContext.Checkpoints;
using LongContext.Models;
using LongContext.Tokenization;

namespace LongContext.Generation.Scheduling;

/// <summary>
/// Whether a draft model speaks the model's language. Only tokenizers decide it: vocabularies of a family are often filled up to different sizes (Qwen2.5: 151,936 in the small models, 152,064 in the large ones), and
/// what lies beyond the smaller one is never guessed.
/// </summary>
internal static class DraftVocabulary
{
    /// <summary>Vocabularies are filled up by no more than this part of them, which counts where there are no tokenizers to compare.</summary>
    private const int PaddingPart = 64;

    /// <summary>Checks a draft model.</summary>
    /// <param name="config">The model's config.json.</param>
    /// <param name="folder">The folder that the model came from; null for none.</param>
    /// <param name="draft">The draft model.</param>
    /// <exception cref="ArgumentException">It has another tokenizer.</exception>
    public static void Check(ModelConfig config, string? folder, CausalLanguageModel draft)
    {
        string? difference = Difference(folder, draft.SourceFolder, out bool areKnown);
        if (difference is not null) throw new ArgumentException($"GenerationEngineOptions: DraftModel has another tokenizer than the model: {difference}.", nameof(draft));
        if (!areKnown && Math.Abs(draft.Config.VocabularySize - config.VocabularySize) > Math.Max(draft.Config.VocabularySize, config.VocabularySize) / PaddingPart)
        {
            throw new ArgumentException(
                $"GenerationEngineOptions: DraftModel has a vocabulary of {draft.Config.VocabularySize} tokens, expected the model's, which has {config.VocabularySize}: more than vocabularies are filled up by, and there are no two tokenizers to compare.",
                nameof(draft));
        }
    }

    /// <summary>What tells the tokenizers of two folders apart; null for nothing that is known.</summary>
    /// <param name="folder">The model's folder.</param>
    /// <param name="draftFolder">The draft model's.</param>
    /// <param name="areKnown">Whether both have one that could be read.</param>
    public static string? Difference(string? folder, string? draftFolder, out bool areKnown)
    {
        areKnown = false;
        if (folder is null || draftFolder is null) return null;
        areKnown = folder == draftFolder || AreSame(Path.Combine(folder, "tokenizer.json"), Path.Combine(draftFolder, "tokenizer.json"));
        if (areKnown) return null;
        try
        {
            string?[] own = HuggingFaceTokenizer.Load(folder).Definition.Tokens, draft = HuggingFaceTokenizer.Load(draftFolder).Definition.Tokens;
            areKnown = true;
            for (int id = 0; id < Math.Min(own.Length, draft.Length); id++)
            {
                // An id that only one of them uses does no harm.
                if (own[id] is { } text && draft[id] is { } other && text != other) return $"token {id} is \"{text}\" of the model and \"{other}\" of the draft";
            }
        }
        catch (Exception e) when (e is IOException or InvalidDataException or NotSupportedException or UnauthorizedAccessException)
        {
            // Without a tokenizer, or with one that is not read here, only sizes can be compared.
        }

        return null;
    }

    private static bool AreSame(string file, string other) =>
        File.Exists(file) && File.Exists(other) && new FileInfo(file).Length == new FileInfo(other).Length && File.ReadAllBytes(file).AsSpan().SequenceEqual(File.ReadAllBytes(other));
}
