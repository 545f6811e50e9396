using System.Runtime.CompilerServices;
using LongContext.Evaluation.Runs;
using LongContext.Models;

namespace LongContext.Generation;

/// <summary>Lets one request at a time use a model, whichever client or scorer it comes through; the others wait in the order in which they came.</summary>
/// <remarks>A SemaphoreSlim hands its place to whoever has waited asynchronously for longest before it lets a newcomer in.</remarks>
#pragma warning disable CA1001 // It lives as long as the model, and a semaphore whose wait handle nobody asks for has nothing to dispose.
internal sealed class ModelGate
#pragma warning restore CA1001
{
    private static readonly ConditionalWeakTable<CausalLanguageModel, ModelGate> Gates = [];
    private readonly SemaphoreSlim place = new(1, 1);
    private int waiting;

    /// <summary>How many wait in <see cref="EnterAsync"/>, each with its place in the order.</summary>
    public int Waiting => Volatile.Read(ref waiting);

    /// <summary>The model's gate, always the same one.</summary>
    public static ModelGate Of(CausalLanguageModel model) => Gates.GetValue(model, _ => new ModelGate());

    /// <summary>Waits for the model; it is free again once what this gives back is disposed.</summary>
    public async ValueTask<IDisposable> EnterAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (!place.Wait(0, CancellationToken.None))
        {
            // Told to whoever counts the time that work takes: the others' is none of it.
            long start = TimeProvider.System.GetTimestamp();
            Task turn = place.WaitAsync(cancellationToken);
            Interlocked.Increment(ref waiting); // it is in the queue now
            try
            {
                await turn.ConfigureAwait(false);
            }
            finally
            {
                Interlocked.Decrement(ref waiting);
            }

            WaitingTime.Add(TimeProvider.System.GetElapsedTime(start));
        }

        return new Pass(place);
    }

    /// <summary>Waits for the model on this thread, without allocating where it is free; <see cref="Leave"/> frees it.</summary>
    public void Enter(CancellationToken cancellationToken)
    {
        if (!place.Wait(0, CancellationToken.None)) place.Wait(cancellationToken);
    }

    /// <summary>Takes the model where nobody has it.</summary>
    /// <returns>Whether it was free; then <see cref="Leave"/> frees it again.</returns>
    public bool TryEnter() => place.Wait(0, CancellationToken.None);

    /// <summary>Frees the model after <see cref="Enter"/> or <see cref="TryEnter"/>.</summary>
    public void Leave() => place.Release();

    private sealed class Pass(SemaphoreSlim place) : IDisposable
    {
        private SemaphoreSlim? place = place;

        public void Dispose() => Interlocked.Exchange(ref place, null)?.Release();
    }
}
