using LongContext.Tokenization.Models;

namespace LongContext.Tokenization;

/// <summary>
/// A tokenizer's vocabulary and what its file says about it, for writing it in another format. Read-only, and safe for use
/// by several threads.
/// </summary>
public sealed class TokenizerVocabulary
{
    private readonly TokenizerDefinition _definition;
    private readonly TokenKind[] _kinds;
    private readonly Lazy<IReadOnlyList<TokenMerge>> _merges;
    private readonly Lazy<float[]> _scores;

    internal TokenizerVocabulary(TokenizerDefinition definition)
    {
        _definition = definition;
        _kinds = TokenKinds.Of(definition);
        NormalizerTypes = [.. definition.NormalizerSteps.Select(step => step.TypeName)];
        PreTokenizerTypes = [.. definition.PreTokenizerSteps.Select(step => step.TypeName)];
        SplitPatterns = [.. definition.PreTokenizerSteps.Select(step => step.Regex).OfType<string>()];
        _merges = new(() => [.. definition.Model.MergesInOrder().Select(merge => new TokenMerge(definition.Tokens[merge.Left]!, definition.Tokens[merge.Right]!))]);
        _scores = new(() => definition.Scores ?? ScoresOfMerges());
    }

    /// <summary>The number of ids; they run from 0 to one less.</summary>
    public int Size => _definition.Tokens.Length;

    /// <summary>The model's type as tokenizer.json calls it: "BPE" or "WordLevel".</summary>
    public string ModelType => _definition.Model.TypeName;

    /// <summary>Whether pieces are spelled in the 256 characters that stand for bytes (GPT-2's alphabet, in which "Ġ" is a blank).</summary>
    public bool IsByteLevel => NormalizerTypes.Contains("ByteLevel") || PreTokenizerTypes.Contains("ByteLevel");

    /// <summary>Whether characters that the vocabulary lacks become tokens of kind <see cref="TokenKind.Byte"/>.</summary>
    public bool HasByteFallback => _definition.Model.HasByteFallback;

    /// <summary>Whether a word that is a piece is taken whole, whatever the merges say ("ignore_merges").</summary>
    public bool IgnoresMerges => _definition.Model.IgnoresMerges;

    /// <summary>The merges in the order of their ranks; empty for a model without.</summary>
    public IReadOnlyList<TokenMerge> Merges => _merges.Value;

    /// <summary>
    /// The types of the normalizer's steps in their order, as tokenizer.json calls them (of a tokenizer.model also
    /// "remove_extra_whitespaces"); empty without one.
    /// </summary>
    public IReadOnlyList<string> NormalizerTypes { get; }

    /// <summary>The types of the pre-tokenizer's steps in their order, as tokenizer.json calls them; empty without one.</summary>
    public IReadOnlyList<string> PreTokenizerTypes { get; }

    /// <summary>
    /// The regular expressions that cut text into words, in their order, as the file spells them (that of GPT-2 for a
    /// "ByteLevel" step that cuts); they tell vocabularies of one kind apart.
    /// </summary>
    public IReadOnlyList<string> SplitPatterns { get; }

    /// <summary>The ids that <see cref="HuggingFaceTokenizer.Encode(string, bool)"/> puts before a text.</summary>
    public IReadOnlyList<int> IdsBefore => _definition.PostProcessor.Before;

    /// <summary>The ids that <see cref="HuggingFaceTokenizer.Encode(string, bool)"/> puts after a text.</summary>
    public IReadOnlyList<int> IdsAfter => _definition.PostProcessor.After;

    /// <summary>The token as the vocabulary spells it, or null where no token has this id.</summary>
    /// <param name="id">From 0 to <see cref="Size"/> − 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The id is outside.</exception>
    public string? GetText(int id) => _definition.Tokens[Checked(id)];

    /// <summary>What the token is for.</summary>
    /// <param name="id">From 0 to <see cref="Size"/> − 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The id is outside.</exception>
    public TokenKind GetKind(int id) => _kinds[Checked(id)];

    /// <summary>
    /// The token's score as SentencePiece means it: of two pieces that could be made, the one of the higher score is made first.
    /// Where the file has no scores that is minus the rank of the first merge that makes it; 0 where none does.
    /// </summary>
    /// <param name="id">From 0 to <see cref="Size"/> − 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The id is outside.</exception>
    public float GetScore(int id) => _scores.Value[Checked(id)];

    private float[] ScoresOfMerges()
    {
        var scores = new float[Size];
        foreach (BpeMerge merge in _definition.Model.MergesInOrder().Reverse()) scores[merge.Merged] = -merge.Rank;
        return scores;
    }

    private int Checked(int id) =>
        (uint)id < (uint)Size ? id : throw new ArgumentOutOfRangeException(nameof(id), id, $"Expected an id from 0 to {Size - 1}.");
}
