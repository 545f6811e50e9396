using LongContext.Evaluation.Strategies;
using LongContext.Evaluation.Strategies.Cutting;
using Microsoft.ML.Tokenizers;

namespace LongContext.Evaluation;

/// <summary>How a prompt that does not fit into a model is cut.</summary>
/// <remarks>
/// <see cref="Middle"/> and <see cref="MiddleJoined"/> do what the scripts of benchmarks do, token by token: special tokens that the tokenizer puts around a
/// text count (<c>HuggingFaceTokenizer.Encode</c> adds them, as transformers does), decoding leaves them out, and nobody counts again: words that meet where
/// the ends are joined may give a token more than was asked for. The kinds that cut the context count again until the prompt fits, cut between
/// tokens as the text is written, and never inside a character.
/// </remarks>
public abstract class PromptTruncation
{
    /// <summary>Not at all: what does not fit is not asked.</summary>
    public static PromptTruncation None { get; } = new NoTruncation();

    /// <summary>
    /// The middle of the whole text goes: ⌊maximum / 2⌋ tokens are kept at each end (of an odd maximum one less than it), the two ends are decoded
    /// by themselves and joined. LongBench's pred.py.
    /// </summary>
    public static PromptTruncation Middle { get; } = new MiddleTruncation("middle", joined: false);

    /// <summary>As <see cref="Middle"/>, but special tokens around the text do not count. LongAlign's LongBench-Chat.</summary>
    public static PromptTruncation MiddleOfText { get; } = new MiddleTruncation("middle of text", joined: false, bare: true);

    /// <summary>
    /// The middle of the whole text goes: ⌊maximum / 2⌋ tokens are kept at the beginning and ⌈maximum / 2⌉ at the end, which are decoded in one. LongBench v2's
    /// pred.py, InfiniteBench.
    /// </summary>
    public static PromptTruncation MiddleJoined { get; } = new MiddleTruncation("middle joined", joined: true);

    /// <summary>The context's end goes, as far as it takes for the prompt to fit; what stands around it is kept. HELMET; ZeroSCROLLS too, but for a separator that its data have for that place.</summary>
    public static PromptTruncation ContextEnd { get; } = new ContextTruncation("context end", TruncatedPart.End);

    /// <summary>The context's middle goes, as far as it takes for the prompt to fit; what stands around it is kept.</summary>
    public static PromptTruncation ContextMiddle { get; } = new ContextTruncation("context middle", TruncatedPart.Middle);

    /// <summary>Its name, which is part of a run's settings.</summary>
    public abstract string Name { get; }

    /// <summary>Tokens of the text at most, whatever would fit into the model, or null for no such limit.</summary>
    internal virtual int? Limit => null;

    /// <summary>The same with a limit of its own, such as LongBench's max_length, where more would fit into the model.</summary>
    /// <param name="maximumTokens">Tokens of the text at most, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">A limit under 1.</exception>
    public PromptTruncation AtMost(int maximumTokens)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maximumTokens, 1);
        return new LimitedTruncation(this, maximumTokens);
    }

    /// <summary>Cuts a prompt.</summary>
    /// <param name="prompt">The prompt.</param>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="maximumTokens">Tokens of the text at most.</param>
    /// <returns>The prompt itself where it fits, else one that does.</returns>
    /// <exception cref="PromptTooLongException">It cannot be cut so far.</exception>
    public abstract EvaluationPrompt Fit(EvaluationPrompt prompt, Tokenizer tokenizer, int maximumTokens);

    private sealed class NoTruncation : PromptTruncation
    {
        public override string Name => "none";

        public override EvaluationPrompt Fit(EvaluationPrompt prompt, Tokenizer tokenizer, int maximumTokens)
        {
            ArgumentNullException.ThrowIfNull(prompt);
            ArgumentNullException.ThrowIfNull(tokenizer);
            int tokens = tokenizer.CountTokens(prompt.Text);
            return tokens <= maximumTokens ? prompt : throw new PromptTooLongException(tokens, maximumTokens);
        }
    }
}
