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

    public async IAsyncEnumerable<int> GenerateAsync(ReadOnlyMemory<int> prompt, GenerationOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Asked.Add((prompt.ToArray(), options));
        try
        {
            foreach (int token in tokens.Take(options.MaximumNewTokens))
            {
                cancellationToken.ThrowIfCancellationRequested();
                await Task.Yield();
                if (options.StopTokenIds!.Contains(token)) yield break;
                Given++;
                yield return token;
            }
        }
        finally
        {
            Closed = true;
        }
    }
}
