using Microsoft.ML.Tokenizers;

namespace LongContext.Evaluation.Tasks;

/// <summary>A task whose items can be made at any length, so that the length can be found at which a model fails.</summary>
public interface ISizedTask
{
    /// <summary>The lengths in tokens that the task has as it stands.</summary>
    IReadOnlyList<int> Lengths { get; }

    /// <summary>Of each length, tokens that its items leave free for a chat template. Default: 0.</summary>
    int TemplateTokens => 0;

    /// <summary>
    /// Items of one length, whichever: prompt, answer and <see cref="TemplateTokens"/> together have at most so many tokens. The first of them should be as different from each
    /// other as all are, in depth above all: a search takes no more than it needs.
    /// </summary>
    /// <param name="tokenizer">Counts.</param>
    /// <param name="length">The length in tokens.</param>
    /// <exception cref="ArgumentException">The question alone is longer than that.</exception>
    IEnumerable<EvaluationItem> CreateItems(Tokenizer tokenizer, int length);
}
