using LongContext.Cuda.Decoding;
using LongContext.Cuda.Driver;

namespace LongContext.Generation.Running;

/// <summary>
/// All that changes from step to step, in one block that one copy takes to the GPU: ids, positions, places in the cache, tables of pages, lengths, plans of
/// attention. Its addresses stay, so that a captured graph reads what the next step puts there.
/// </summary>
internal sealed unsafe class CudaStepInputs : IDisposable
{
    private readonly CudaStepShape shape;
    private readonly CudaPageStore store;
    private readonly CudaRotary[] rotaries;
    private readonly PinnedBuffer host;
    private readonly CudaBuffer device;
    private readonly int[] slots;
    private readonly int[] pages;
    private readonly int[] plans;
    private readonly int[] tables;
    private readonly int ids;
    private readonly int positions;
    private readonly int numbers;
    private readonly int wanted;
    private readonly int needs;
    private readonly int inverses;
    private readonly int mostCandidates;
    private readonly int borders;
    private readonly int lengths;
    private int count;

    /// <param name="context">The GPU.</param>
    /// <param name="shape">The steps' shape.</param>
    /// <param name="store">The cache.</param>
    /// <param name="rotaries">The model's rotations.</param>
    /// <param name="planWords">Integers of each group's plan.</param>
    /// <param name="mostCandidates">Candidates of a row, at most.</param>
    public CudaStepInputs(CudaContext context, CudaStepShape shape, CudaPageStore store, CudaRotary[] rotaries, ReadOnlySpan<int> planWords, int mostCandidates)
    {
        (this.shape, this.store, this.rotaries, this.mostCandidates) = (shape, store, rotaries, mostCandidates);
        ids = Take(shape.Tokens);
        positions = Take(shape.Tokens);
        numbers = Take(shape.Tokens);
        wanted = Take(shape.Tokens);
        needs = Take(shape.Tokens);
        inverses = Take(shape.Tokens);
        borders = Take(shape.Sequences + 1);
        lengths = Take(shape.Sequences);
        (slots, pages, plans) = (new int[store.Groups.Count], new int[store.Groups.Count], new int[store.Groups.Count]);
        for (int group = 0; group < slots.Length; group++)
        {
            slots[group] = Take(shape.Tokens);
            pages[group] = Take(shape.Sequences * shape.Pages);
            plans[group] = Take(planWords[group]);
        }

        tables = new int[rotaries.Length];
        for (int i = 0; i < tables.Length; i++) tables[i] = rotaries[i].DependsOnLength ? Take(2 * shape.Tokens * rotaries[i].Half) : 0;
        host = new PinnedBuffer(context, count * (long)sizeof(int));
        device = new CudaBuffer(context, count * (long)sizeof(int));
        Host.Clear();
        for (int row = 0; row < shape.Tokens; row++) Host[numbers + row] = row;

        int Take(int integers)
        {
            int start = count;
            count += (integers + 3) & ~3; // kernels ask for 16 bytes
            return start;
        }
    }

    /// <summary>Addresses on the GPU.</summary>
    public nint Ids => At(ids);

    public nint Wanted => At(wanted);

    /// <summary>By row of logits: how many candidates are wanted, 0 for the row itself.</summary>
    public nint Needs => At(needs);

    public nint InverseTemperatures => At(inverses);

    public nint Borders => At(borders);

    public nint Lengths => At(lengths);

    private Span<int> Host => new((void*)host.Address, count);

    public nint Slots(int group) => At(slots[group]);

    public nint Pages(int group) => At(pages[group]);

    public nint Plan(int group) => At(plans[group]);

    /// <summary>Rows of a rotation's tables: by position, or where it depends on length 0, 1, …</summary>
    public nint Positions(CudaRotary rotary) => rotary.DependsOnLength ? At(numbers) : At(positions);

    /// <summary>The rotation's tables.</summary>
    public (nint Cosines, nint Sines) Tables(CudaRotary rotary) => rotary.DependsOnLength
        ? (At(tables[rotary.Index]), At(tables[rotary.Index] + (shape.Tokens * rotary.Half)))
        : (rotary.Cosines, rotary.Sines);

    /// <summary>Candidates that the step finds of a row of logits; 0 for a row that is wanted itself, or that nobody wants.</summary>
    public int CandidatesOf(int row) => Host[needs + row];

    /// <summary>Puts a step into the block.</summary>
    public void Fill(StepBatch batch)
    {
        Span<int> block = Host;
        ReadOnlySpan<StepSequence> sequences = batch.Sequences;
        Span<int> own = block.Slice(positions, shape.Tokens), rows = block.Slice(wanted, shape.Tokens), ends = block.Slice(borders, shape.Sequences + 1), keys = block.Slice(lengths, shape.Sequences);
        batch.Tokens.CopyTo(block.Slice(ids, shape.Tokens));
        block.Slice(ids + batch.TokenCount, shape.Tokens - batch.TokenCount).Clear();
        own.Clear();
        rows.Clear();
        keys.Clear();
        block.Slice(needs, shape.Tokens).Clear();
        int at = 0;
        for (int i = 0; i < sequences.Length; i++)
        {
            ref readonly StepSequence sequence = ref sequences[i];
            (ends[i], keys[i]) = (sequence.TokenStart, sequence.CachedTokens + sequence.TokenCount);
            for (int t = 0; t < sequence.TokenCount; t++)
            {
                own[sequence.TokenStart + t] = sequence.CachedTokens + t;
                if (t < sequence.TokenCount - sequence.LogitCount) continue;
                (block[needs + at], block[inverses + at]) = (Math.Min(sequence.Need.Candidates, mostCandidates), BitConverter.SingleToInt32Bits(sequence.Need.InverseTemperature));
                rows[at++] = sequence.TokenStart + t;
            }
        }

        ends[sequences.Length..].Fill(batch.TokenCount);
        for (int group = 0; group < slots.Length; group++) FillPages(sequences, group, batch.TokenCount);
        for (int i = 0; i < rotaries.Length; i++)
        {
            if (!rotaries[i].DependsOnLength) continue;
            var cos = (float*)host.Address + tables[i];
            rotaries[i].FillFor(sequences, own, cos, cos + (shape.Tokens * rotaries[i].Half));
        }
    }

    /// <summary>Puts a group's plan into the block.</summary>
    public void Fill(int group, DecodingPlan plan) => plan.Words.CopyTo(Host[plans[group]..]);

    /// <summary>Puts the copy on a stream.</summary>
    public void Copy(nint stream) => host.CopyTo(device.Address, host.Bytes, stream);

    /// <inheritdoc />
    public void Dispose()
    {
        host.Dispose();
        device.Dispose();
    }

    private void FillPages(ReadOnlySpan<StepSequence> sequences, int group, int tokens)
    {
        Span<int> block = Host, places = block.Slice(slots[group], shape.Tokens), table = block.Slice(pages[group], shape.Sequences * shape.Pages);
        int factor = store.PageFactor(group), size = store.PageTokens;
        places[tokens..].Fill(-1); // tokens that nobody sees are not kept
        for (int i = 0; i < sequences.Length; i++)
        {
            ref readonly StepSequence sequence = ref sequences[i];
            ReadOnlySpan<int> numbers = sequence.Pages.Of(group);
            Span<int> entries = table.Slice(i * shape.Pages, shape.Pages);
            int used = (sequence.CachedTokens + sequence.TokenCount + size - 1) / size;
            for (int index = 0; index < used; index++) entries[index] = numbers[index] < 0 ? 0 : numbers[index] * factor;
            for (int t = 0; t < sequence.TokenCount; t++)
            {
                int position = sequence.CachedTokens + t;
                store.Require(group, numbers[position / size]);
                places[sequence.TokenStart + t] = (entries[position / size] * size) + (position % size);
            }
        }
    }

    private nint At(int integer) => device.Address + (integer * sizeof(int));
}
