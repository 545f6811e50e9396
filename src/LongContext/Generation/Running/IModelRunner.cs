using LongContext.Generation.Sampling;

namespace LongContext.Generation.Running;

/// <summary>
/// Computes steps of a model over a paged cache. One thread at a time. What it computes for a sequence does not depend on the other sequences of the
/// step; on the CPU not by one bit, however a prompt is cut into steps.
/// </summary>
internal interface IModelRunner : IDisposable
{
    /// <summary>Short name for logs, for example <c>cpu</c>.</summary>
    string Name { get; }

    /// <summary>Number of scores in a row of logits.</summary>
    int VocabularySize { get; }

    /// <summary>Tokens of one step, at most.</summary>
    int MaximumTokens { get; }

    /// <summary>Memory of the cache.</summary>
    IPageStore Pages { get; }

    /// <summary>Whether sequences under a remapping of positions can be run.</summary>
    bool SupportsRemapping { get; }

    /// <summary>Runs a step: writes the new tokens' keys and values into the sequences' pages and computes the logits that are wanted.</summary>
    /// <param name="batch">The step. Token ids are inside the vocabulary.</param>
    /// <param name="cancellationToken">Ends the step between pieces of work; the new tokens' places in the pages are undefined then, all else is as it was.</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    void Run(StepBatch batch, CancellationToken cancellationToken);

    /// <summary>The model's weights may have other values where they lie: what the runner has copies of is read again before the next step.</summary>
    void ForgetWeights()
    {
    }

    /// <summary>A row of logits of the last step, float32, which the caller may change; valid until the next step.</summary>
    /// <param name="row">Its number, as <see cref="StepBatch.Add"/> gave it.</param>
    Span<float> Logits(int row);

    /// <summary>The likeliest tokens of a row of the last step, where <see cref="StepSequence.Need"/> asked for them and the runner finds them on its device; valid until the next step.</summary>
    /// <param name="row">Its number, as for <see cref="Logits"/>, which gives the whole row then too, at the cost of a copy.</param>
    /// <param name="candidates">The tokens.</param>
    /// <returns>False where there are none: the row's scores are what there is.</returns>
    bool TryCandidates(int row, out TokenCandidates candidates)
    {
        candidates = default;
        return false;
    }
}
