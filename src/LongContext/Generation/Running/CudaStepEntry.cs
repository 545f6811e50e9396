using System.Numerics;
using LongContext.Cuda.Decoding;
using LongContext.Cuda.Driver;

namespace LongContext.Generation.Running;

/// <summary>What is kept for steps of a shape: their inputs, plans of attention, and the graph of their launches.</summary>
internal sealed class CudaStepEntry : IDisposable
{
    /// <summary>Waves of blocks that a plan may have.</summary>
    private const int Waves = 2;

    private readonly CudaContext context;
    private readonly CudaStepShape shape;
    private readonly DecodingShape[] shapes;
    private readonly DecodingPlan[] plans;
    private readonly int[] planned;
    private readonly int[] lengths;
    private readonly int capacity;

    /// <param name="context">The GPU.</param>
    /// <param name="shape">The steps' shape.</param>
    /// <param name="attention">Attention of each group, whatever the tokens of a sequence.</param>
    /// <param name="store">The cache.</param>
    /// <param name="rotaries">The model's rotations.</param>
    /// <param name="mostCandidates">Candidates of a row of logits, at most.</param>
    public CudaStepEntry(CudaContext context, CudaStepShape shape, ReadOnlySpan<DecodingShape> attention, CudaPageStore store, CudaRotary[] rotaries, int mostCandidates)
    {
        (this.context, this.shape) = (context, shape);
        shapes = new DecodingShape[attention.Length];
        for (int group = 0; group < shapes.Length; group++) shapes[group] = attention[group] with { MaxQueryTokens = shape.SequenceTokens };
        plans = new DecodingPlan[shapes.Length];
        (planned, lengths) = (new int[shape.Sequences], new int[shape.Sequences]);
        int places = context.Architecture.MultiprocessorCount * DecodingTile.BlocksPerMultiprocessor(shapes[0].HeadSize, context.Architecture, store.Codes != CacheCodes.None);
        capacity = shape.Sequences + (((Waves * places) + (shapes[0].KeyHeads * shapes[0].RowBlocks) - 1) / (shapes[0].KeyHeads * shapes[0].RowBlocks));
        int[] words = new int[shapes.Length];
        Plan();
        for (int group = 0; group < words.Length; group++) words[group] = plans[group].Words.Length;
        Inputs = new CudaStepInputs(context, shape, store, rotaries, words, mostCandidates);
        Array.Fill(planned, -1);
    }

    public CudaStepInputs Inputs { get; }

    /// <summary>A plan for each group.</summary>
    public ReadOnlySpan<DecodingPlan> Plans => plans;

    /// <summary>The launches, captured; null before.</summary>
    public CudaGraph? Graph { get; private set; }

    /// <summary>The addresses (<see cref="CudaStep.Version"/>) that a step of this shape was run with; −1 before.</summary>
    public int Version { get; set; } = -1;

    /// <summary>Number of the step that had this shape last.</summary>
    public long LastUse { get; set; }

    /// <summary>Puts a step into the inputs, with plans that suit its lengths.</summary>
    public void Fill(StepBatch batch)
    {
        Inputs.Fill(batch);
        bool suits = true;
        ReadOnlySpan<StepSequence> sequences = batch.Sequences;
        for (int i = 0; i < lengths.Length; i++)
        {
            lengths[i] = i < sequences.Length ? Rounded(sequences[i].CachedTokens + sequences[i].TokenCount) : 0;
            suits &= lengths[i] == planned[i];
        }

        if (suits) return;
        Plan();
        lengths.CopyTo(planned, 0);
        for (int group = 0; group < plans.Length; group++) Inputs.Fill(group, plans[group]);
    }

    /// <summary>Takes a graph in place of another, or none.</summary>
    public void Keep(CudaGraph? graph)
    {
        Graph?.Dispose();
        Graph = graph;
    }

    /// <inheritdoc />
    public void Dispose()
    {
        Graph?.Dispose();
        Inputs.Dispose();
    }

    /// <summary>
    /// Up to the next quarter of a power of two: a plan is made anew only there. Kernels deal out the keys that are there, so that only balance is by the
    /// rounded lengths, which depend on nothing before.
    /// </summary>
    private static int Rounded(int length)
    {
        long step = Math.Max(128, BitOperations.RoundUpToPowerOf2((uint)length) / 4);
        return (int)Math.Min(int.MaxValue - 1_024, (length + step - 1) / step * step);
    }

    private void Plan()
    {
        for (int group = 0; group < plans.Length; group++) plans[group] = DecodingPlan.Create(shapes[group], lengths, context.Architecture, capacity);
    }
}
