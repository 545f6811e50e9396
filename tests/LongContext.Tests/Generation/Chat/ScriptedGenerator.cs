using System.Runtime.CompilerServices;
using LongContext.Generation;

namespace LongContext.Tests.Generation.Chat;

/// <summary>Says what it is told to say, and keeps what it was asked.</summary>
internal sealed class ScriptedGenerator(params int[] tokens) : ITokenGenerator
{
    public List<(int[] Prompt, GenerationOptions Options)> Asked { get; } = [];

    /// <summary>How many tokens were asked for, and whether the stream was closed.</summary>
    public int Given { get; private set; }

    public bool Closed { get; private set; }

    /// <summary>All of what was asked.</summary>
    public List<GenerationRequest> Requests { get; } = [];

    public int? MaximumTokens { get; init; }

    /// <summary>Whether the token that ends the answer is told.</summary>
    public bool TellsEnd { get; init; }

    /// <summary>Thrown behind the last token; null for nothing.</summary>
    public Exception? Fault { get; init; }

    /// <summary>Why it says that an answer ended; null where it says nothing.</summary>
    public GenerationFinishReason? FinishReason { get; init; }

    /// <summary>What the reader was told, and has said, of the last request.</summary>
    public GenerationUsage Usage { get; private set; } = new();

    public async IAsyncEnumerable<GeneratedToken> GenerateAsync(GenerationRequest request, GenerationUsage usage, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        GenerationOptions options = request.Options;
        Asked.Add((request.Prompt.ToArray(), options));
        Requests.Add(request);
        Usage = usage;
        try
        {
            foreach (int token in tokens.Take(options.MaximumNewTokens))
            {
                cancellationToken.ThrowIfCancellationRequested();
                await Task.Yield();
                if (options.StopTokenIds!.Contains(token))
                {
                    if (TellsEnd) usage.StopToken = new GeneratedToken(token);
                    yield break;
                }

                Given++;
                // As likely as its number says, so that each can be told from the others.
                yield return options.LogProbabilities is not { } count ? new GeneratedToken(token)
                    : new GeneratedToken(token) { LogProbability = -token, Alternatives = [.. Enumerable.Range(0, count).Select(i => new TokenLogProbability(i, -i))] };
            }

            if (Fault is not null) throw Fault;
            usage.FinishReason = FinishReason;
        }
        finally
        {
            Closed = true;
        }
    }
}
