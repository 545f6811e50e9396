using LongContext.Tokenization;
using LongContext.Tokenization.Models;

namespace LongContext.Gguf.Vocabulary;

/// <summary>A Hugging Face tokenizer in the form in which llama.cpp takes it: metadata under <c>tokenizer</c>.</summary>
internal sealed class GgufVocabulary
{
    private readonly HuggingFaceTokenizer tokenizer;
    private readonly TokenizerVocabulary vocabulary;
    private readonly string[] texts;
    private readonly int[] kinds;
    private readonly float[] scores;

    /// <param name="tokenizer">The tokenizer.</param>
    /// <param name="size">Rows of the model's embedding; rows beyond the tokenizer's are filled with unused tokens.</param>
    /// <exception cref="InvalidDataException">An id is beyond the embedding, or a token for a byte is missing.</exception>
    /// <exception cref="NotSupportedException">A part that llama.cpp has no counterpart for; the message names it.</exception>
    public GgufVocabulary(HuggingFaceTokenizer tokenizer, int size)
    {
        (this.tokenizer, vocabulary) = (tokenizer, tokenizer.Vocabulary);
        RequireModel();
        texts = new string[size];
        kinds = new int[size];
        for (int id = 0; id < Math.Max(size, vocabulary.Size); id++)
        {
            if (id >= vocabulary.Size || vocabulary.GetText(id) is not { } text)
            {
                if (id < size) (texts[id], kinds[id]) = ($"[PAD{id}]", (int)GgufTokenKind.Unused);
                continue;
            }

            if (id >= size)
            {
                throw new InvalidDataException(
                    $"{tokenizer.VocabularyFile}: token \"{text}\" has id {id}, but the model has {size} rows; resize its embedding or use its own tokenizer.");
            }

            (texts[id], kinds[id]) = (text, (int)KindOf(id));
        }

        scores = vocabulary.IsByteLevel ? [] : new SentencePieceScores(tokenizer).OfAll(size);
    }

    /// <summary>Whether special tokens swallow the white space after them, as Phi-3's do.</summary>
    public bool StripsAfterSpecialTokens => tokenizer.Definition.AddedTokens.Any(token => token.Special && token.StripRight);

    /// <summary>Writes tokens, merges or scores, and how text is split.</summary>
    /// <exception cref="NotSupportedException">A part that llama.cpp has no counterpart for; the message names it.</exception>
    public void WriteTo(GgufMetadata metadata)
    {
        // "gpt2" is byte-level, "llama" SentencePiece's way.
        metadata.Set("tokenizer.ggml.model", vocabulary.IsByteLevel ? "gpt2" : "llama");
        metadata.Set("tokenizer.ggml.pre", vocabulary.IsByteLevel ? PreTokenizerName.Read(tokenizer) : "default");
        metadata.Set("tokenizer.ggml.tokens", texts);
        if (!vocabulary.IsByteLevel) metadata.Set("tokenizer.ggml.scores", scores);
        metadata.Set("tokenizer.ggml.token_type", kinds);
        if (vocabulary.IsByteLevel) metadata.Set("tokenizer.ggml.merges", vocabulary.Merges.Select(merge => $"{merge.Left} {merge.Right}").ToArray());
        else metadata.Set("tokenizer.ggml.add_space_prefix", SentencePieceForm.ReadSpacePrefix(tokenizer));
        metadata.Set("tokenizer.ggml.add_bos_token", Only(vocabulary.IdsBefore) is not null);
        metadata.Set("tokenizer.ggml.add_eos_token", Only(vocabulary.IdsAfter) is not null);
    }

    /// <summary>Writes the ids of special tokens.</summary>
    /// <param name="metadata">Where to.</param>
    /// <param name="beginning">The model config's id for the beginning, for a tokenizer that names none.</param>
    /// <param name="ends">The ids that end a text, of config.json and generation_config.json.</param>
    /// <remarks>
    /// llama.cpp has one key for a text's end and one for a turn's. Where one token is left that ends answers and is not the text's end, its beginning or its padding, it is the turn's (Gemma's &lt;end_of_turn&gt;). Of several (Llama 3.1's,
    /// Phi-3's) none is: those llama.cpp knows by their texts.
    /// </remarks>
    public void WriteSpecialIds(GgufMetadata metadata, int? beginning, IReadOnlyList<int> ends)
    {
        int? begins = Only(vocabulary.IdsBefore) ?? tokenizer.BeginningOfSentenceId ?? beginning, end = Only(vocabulary.IdsAfter) ?? tokenizer.EndOfSentenceId ?? (ends.Count > 0 ? ends[0] : null);
        Set("bos", begins);
        Set("eos", end);
        int[] left = [.. ends.Distinct().Where(id => id != end && id != begins && id != beginning && id != tokenizer.PaddingId && (uint)id < (uint)texts.Length)];
        Set("eot", left is [var only] ? only : null);
        Set("unknown", tokenizer.UnknownToken is { } unknown && tokenizer.TryGetTokenId(unknown, out int id) ? id : null);
        Set("padding", tokenizer.PaddingId);

        void Set(string role, int? id)
        {
            if (id is { } known) metadata.Set($"tokenizer.ggml.{role}_token_id", (uint)known);
        }
    }

    private void RequireModel()
    {
        if (tokenizer.Definition.Model is not BpeModel model) throw NoCounterpart.For(tokenizer, $"model type \"{vocabulary.ModelType}\"", "BPE");
        string affixes = model.Settings.ContinuingPrefix + model.Settings.EndSuffix;
        if (affixes.Length > 0) throw NoCounterpart.For(tokenizer, $"\"{affixes}\" before or after the characters of a word", "none");
        if (vocabulary.IsByteLevel) return;
        if (model.Settings.ByteIds is not { } bytes) throw NoCounterpart.For(tokenizer, "a byte pair encoding without byte_fallback or ByteLevel", "one of the two");
        int found = bytes.Count(id => id != BpeSettings.None);
        if (found != bytes.Length)
            throw new InvalidDataException($"{tokenizer.VocabularyFile}: there are {found} tokens of the form <0x00>, expected {bytes.Length} with byte_fallback.");
    }

    private GgufTokenKind KindOf(int id) => vocabulary.GetKind(id) switch
    {
        TokenKind.Unknown => GgufTokenKind.Unknown,
        TokenKind.Control => GgufTokenKind.Control,
        TokenKind.Added => GgufTokenKind.UserDefined,
        TokenKind.Byte when !vocabulary.IsByteLevel => GgufTokenKind.Byte,
        _ => GgufTokenKind.Normal,
    };

    /// <summary>The one token on a side of the text; null for none.</summary>
    private int? Only(IReadOnlyList<int> ids) => ids switch
    {
        [] => null,
        [int id] => id,
        _ => throw NoCounterpart.For(tokenizer, "a second token on one side of the text", "at most one before and one after"),
    };
}
