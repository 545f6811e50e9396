namespace LongContext.Evaluation.Strategies.Compression;

/// <summary>Makes a context shorter. Called for many contexts at once.</summary>
public interface IContextCompressor
{
    /// <summary>Its name in reports, such as "perplexity words".</summary>
    string Name { get; }

    /// <summary>Everything that decides what is left. A resumed run must have the same.</summary>
    string Identity { get; }

    /// <summary>Makes a context short enough.</summary>
    /// <param name="request">The context and how short it has to be.</param>
    /// <param name="cancellationToken">Ends it.</param>
    ValueTask<CompressedContext> CompressAsync(CompressionRequest request, CancellationToken cancellationToken = default);
}
