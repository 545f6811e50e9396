using LongContext.Cpu.Attention;
using LongContext.Cpu.Pointwise;
using LongContext.Models;
using CpuNorm = LongContext.Cpu.Pointwise.RmsNorm;
using CpuRotation = LongContext.Cpu.Pointwise.Rotary;

namespace LongContext.Generation.Running;

/// <summary>The computation. Long work is cut by rows into pieces of some tens of milliseconds, between which cancellation is looked at, as it is before each of their tiles; no row's result depends on the cuts.</summary>
internal sealed unsafe partial class CpuModelRunner
{
    /// <summary>Operations of a piece.</summary>
    private const double PieceOperations = 2.5e9;

    /// <summary>Rows that products are cut at multiples of.</summary>
    private const int RowUnit = 48;

    /// <summary>Queries of a piece of attention at least: fewer would read the keys for too little.</summary>
    private const int FewestQueries = 8;

    private void RunLayer(StepBatch batch, int index, CancellationToken cancellationToken)
    {
        CpuLayer layer = weights.Layers[index];
        int hidden = shape.HiddenSize, size = shape.HeadDimension, rows = batch.TokenCount;
        float* query = heads, key = heads + (shape.HeadCount * size), value = key + (shape.KeyValueHeadCount * size), input = x;
        // Behind the last layer's keys and values, only the rows whose logits are wanted go on.
        bool narrows = index == weights.Layers.Length - 1 && batch.LogitCount < rows;
        if (layer.BeforeAttention is { } before)
        {
            input = normed;
            CpuNorm.Apply(team, before, x, hidden, input, hidden, rows, hidden);
        }

        if (layer.QueryKeyValue is { } all && !narrows)
        {
            Product(all, input, hidden, heads, projected, rows, cancellationToken);
        }
        else
        {
            if (!narrows) Product(layer.Query, input, hidden, query, projected, rows, cancellationToken);
            Product(layer.Key, input, hidden, key, projected, rows, cancellationToken);
            Product(layer.Value, input, hidden, value, projected, rows, cancellationToken);
        }

        Norm(layer.KeyNorm, key, rows, shape.KeyValueHeadCount);
        Rotate(batch, layer, key, shape.KeyValueHeadCount, narrows: false);
        Append(batch, index, key, value);
        if (narrows)
        {
            rows = batch.LogitCount;
            if (rows == 0) return;
            Gather(x);
            if (input != x) Gather(input);
            Product(layer.Query, input, hidden, query, projected, rows, cancellationToken);
        }

        Norm(layer.QueryNorm, query, rows, shape.HeadCount);
        if (step.MovesSinks) CopySinkQueries(batch, layer, query, narrows);
        Rotate(batch, layer, query, shape.HeadCount, narrows);
        Vote(batch, index, query, narrows, cancellationToken);
        Attend(batch, index, query, narrows, cancellationToken);
        Add(layer.Output, layer.AfterAttention, query, projected, 0, rows, cancellationToken);
        RunMlp(layer, rows, cancellationToken);
    }

    private void RunMlp(CpuLayer layer, int rows, CancellationToken cancellationToken)
    {
        int hidden = shape.HiddenSize, size = shape.IntermediateSize;
        float* input = x;
        if (layer.BeforeMlp is { } before)
        {
            input = normed;
            CpuNorm.Apply(team, before, x, hidden, input, hidden, rows, hidden);
        }

        for (int start = 0; start < rows; start += MlpRows)
        {
            int count = Math.Min(MlpRows, rows - start);
            float* part = input + ((long)start * hidden), up = inner + size;
            if (layer.GateUp is { } both)
            {
                Product(both, part, hidden, inner, 2 * size, count, cancellationToken);
            }
            else
            {
                Product(layer.Gate, part, hidden, inner, 2 * size, count, cancellationToken);
                Product(layer.Up, part, hidden, up, 2 * size, count, cancellationToken);
            }

            GatedUnit.Apply(team, FunctionOf(shape.Activation), inner, 2 * size, up, 2 * size, inner, 2 * size, count, size);
            Add(layer.Down, layer.AfterMlp, inner, 2 * size, start, count, cancellationToken);
        }
    }

    /// <summary>Rows of the hidden states += scale · norm(W·input).</summary>
    private void Add(CpuLinear linear, NormWeight? norm, float* input, long stride, int start, int rows, CancellationToken cancellationToken)
    {
        int hidden = shape.HiddenSize;
        float* target = x + ((long)start * hidden);
        if (norm is null && shape.ResidualScale == 1)
        {
            Product(linear, input, stride, target, hidden, rows, cancellationToken, adds: true);
            return;
        }

        Product(linear, input, stride, added, hidden, rows, cancellationToken);
        if (shape.ResidualScale == 1)
        {
            CpuNorm.ApplyAdd(team, norm!.Value, added, hidden, target, hidden, rows, hidden);
            return;
        }

        if (norm is { } given) CpuNorm.Apply(team, given, added, hidden, added, hidden, rows, hidden);
        var work = new ScaledSumWork { X = added, Y = target, Factor = (float)shape.ResidualScale, Size = hidden };
        team.Run(ref work, rows);
    }

    private void RunHead(int rows, CancellationToken cancellationToken)
    {
        CpuNorm.Apply(team, weights.FinalNorm, x, shape.HiddenSize, normed, shape.HiddenSize, rows, shape.HiddenSize);
        var target = (float*)logits.Ensure(0);
        Product(weights.Head, normed, shape.HiddenSize, target, VocabularySize, rows, cancellationToken);
        if (shape.LogitScale == 1 && shape.LogitSoftCap is null) return;
        var work = new LogitWork { Logits = target, Vocabulary = VocabularySize, Scale = (float)shape.LogitScale, SoftCap = (float)(shape.LogitSoftCap ?? 0) };
        team.Run(ref work, rows * work.TilesOfRow);
    }

    private void Product(CpuLinear linear, float* input, long inputStride, float* output, long outputStride, int rows, CancellationToken cancellationToken, bool adds = false)
    {
        int most = (int)Math.Clamp(PieceOperations / (2.0 * linear.Inputs * linear.Outputs), RowUnit, 1 << 20) / RowUnit * RowUnit;
        var room = (float*)low.Ensure(0);
        for (int start = 0; start < rows; start += most)
        {
            if (start > 0) cancellationToken.ThrowIfCancellationRequested();
            linear.Apply(team, input + (start * inputStride), inputStride, output + (start * outputStride), outputStride, Math.Min(most, rows - start), room, adds);
        }

        cancellationToken.ThrowIfCancellationRequested();
    }

    private void Norm(NormWeight? norm, float* rows, int count, int headCount)
    {
        if (norm is not { } given) return;
        if (shape.QueryKeyNorm == QueryKeyNorm.PerHead) CpuNorm.Heads(team, given, rows, projected, count, headCount, shape.HeadDimension);
        else CpuNorm.Apply(team, given, rows, projected, rows, projected, count, headCount * shape.HeadDimension);
    }

    /// <summary>Turns queries or keys, but for those of remapped sequences in layers that see everything: their attention turns them itself.</summary>
    private void Rotate(StepBatch batch, CpuLayer layer, float* rows, int headCount, bool narrows)
    {
        if (layer.Rotary is not { } rotary) return;
        int* places = rotary.DependsOnLength ? (narrows ? step.WantedNumbers : step.Numbers) : narrows ? step.WantedPositions : step.Positions;
        int start = 0, end = 0;
        foreach (ref readonly StepSequence sequence in batch.Sequences)
        {
            int count = narrows ? sequence.LogitCount : sequence.TokenCount;
            if (sequence.Remapping is not null && layer.Shape.SlidingWindow is null)
            {
                Turn(start, end);
                start = end + count;
            }

            end += count;
        }

        Turn(start, end);

        void Turn(int from, int to)
        {
            if (to > from) CpuRotation.Apply(team, rows + ((long)from * projected), projected, to - from, headCount, shape.HeadDimension, places + from, rotary.Cosines, rotary.Sines, rotary.Half);
        }
    }

    /// <summary>Queries of sequences whose sinks seem to stand nearer than they do, rotated for these.</summary>
    private void CopySinkQueries(StepBatch batch, CpuLayer layer, float* query, bool narrows)
    {
        if (layer.Rotary is not { } rotary || layer.Shape.SlidingWindow is not null) return;
        int size = shape.HeadCount * shape.HeadDimension, start = 0;
        int* places = narrows ? step.WantedSinkPositions : step.SinkPositions;
        var copies = (float*)sinkQueries.Ensure((long)batch.TokenCount * size * sizeof(float));
        foreach (ref readonly StepSequence sequence in batch.Sequences)
        {
            int count = narrows ? sequence.LogitCount : sequence.TokenCount;
            if (count > 0 && sequence.Sinks is not null)
            {
                float* own = copies + ((long)start * size);
                for (int row = 0; row < count; row++) new ReadOnlySpan<float>(query + ((long)(start + row) * projected), size).CopyTo(new Span<float>(own + ((long)row * size), size));
                CpuRotation.Apply(team, own, size, count, shape.HeadCount, shape.HeadDimension, places + start, rotary.Cosines, rotary.Sines, rotary.Half);
            }

            start += count;
        }
    }

    private void Append(StepBatch batch, int index, float* key, float* value)
    {
        ReadOnlySpan<StepSequence> sequences = batch.Sequences;
        int group = groups.GroupOf(index);
        for (int i = 0; i < sequences.Length; i++)
        {
            step.Pieces[i] = new AttentionSequence
            {
                RowStart = sequences[i].TokenStart, RowCount = sequences[i].TokenCount, FirstPosition = step.Slot(group, sequences[i]), Pages = step.PagesOf(group, i),
            };
        }

        CacheWriter.Append(team, store.Layout, groups.PlaceOf(index), new ReadOnlySpan<AttentionSequence>(step.Pieces, sequences.Length), key, projected, value, projected);
    }

    /// <summary>Lets the last tokens of prompts choose which keys their heads keep.</summary>
    private void Vote(StepBatch batch, int index, float* query, bool narrows, CancellationToken cancellationToken)
    {
        CpuLayer layer = weights.Layers[index];
        if (layer.Shape.SlidingWindow is not null) return;
        int row = 0, group = groups.GroupOf(index);
        for (int i = 0; i < batch.SequenceCount; i++)
        {
            StepSequence sequence = batch.Sequences[i];
            row += narrows ? sequence.LogitCount : sequence.TokenCount;
            if (sequence.Choice is not { } choice) continue;
            int count = choice.PromptLength, stride = AttentionVotes.Stride(count), place = groups.PlaceOf(index);
            AttentionSettings settings = Settings(layer, place);
            var memory = (float*)votes.Ensure(AttentionVotes.MemoryFloats(store.Layout, settings.Heads, count, choice.ObservedTokens) * sizeof(float));
            AttentionVotes.Sum(team, store.Layout, settings, step.PagesOf(group, i), count, query + ((long)(row - choice.ObservedTokens) * projected), projected, choice.ObservedTokens, memory);
            // A team that was told to stop leaves tiles undone: nothing is chosen from them.
            for (int head = 0; head < shape.KeyValueHeadCount; head++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                choice.Choose(place, head, new ReadOnlySpan<float>(memory + ((long)stride * head), count - choice.ObservedTokens));
            }
        }
    }

    private AttentionSettings Settings(CpuLayer layer, int place) => new()
    {
        Heads = shape.HeadCount,
        Scale = (float)(shape.AttentionScale ?? 1 / Math.Sqrt(shape.HeadDimension)),
        SoftCap = (float)(shape.AttentionSoftCap ?? 0),
        Window = layer.Shape.SlidingWindow ?? 0,
        Layer = place,
    };

    /// <summary>Attention, over the memory of the queries.</summary>
    private void Attend(StepBatch batch, int index, float* query, bool narrows, CancellationToken cancellationToken)
    {
        CpuLayer layer = weights.Layers[index];
        int group = groups.GroupOf(index), window = layer.Shape.SlidingWindow ?? 0, row = 0, pieces = 0;
        AttentionSettings settings = Settings(layer, groups.PlaceOf(index));
        double operations = 0;
        ReadOnlySpan<StepSequence> sequences = batch.Sequences;
        for (int i = 0; i < sequences.Length; i++)
        {
            int rows = narrows ? sequences[i].LogitCount : sequences[i].TokenCount, skipped = sequences[i].TokenCount - rows;
            AttentionSinks? sinks = window == 0 ? sequences[i].Sinks : null;
            bool movesSinks = sinks is not null && step.MovesSinks && layer.Rotary is not null;
            bool remaps = sequences[i].Remapping is not null && layer.Rotary is not null && window == 0;
            for (int done = 0; done < rows;)
            {
                int first = step.Slot(group, sequences[i]) + skipped + done, seen = window > 0 ? Math.Min(window, first + 1) : sinks is not null ? (int)Math.Min((long)sinks.Sinks + sinks.Window, first + 1L) : first + 1;
                double each = 4.0 * seen * shape.HeadCount * shape.HeadDimension;
                int count = (int)Math.Min(rows - done, Math.Max(FewestQueries, (PieceOperations - operations) / each));
                if (remaps) step.Views[pieces] = step.ViewsOf(sequences[i], i, skipped + done, layer.Rotary!);
                step.Pieces[pieces] = new AttentionSequence
                {
                    RowStart = row + done, RowCount = count, FirstPosition = first, Pages = step.PagesOf(group, i), Views = remaps ? step.Views + pieces : null,
                    Window = sinks?.Window ?? 0, Sinks = sinks?.Sinks ?? 0, SinkQueryStride = shape.HeadCount * shape.HeadDimension,
                    SinkQueries = movesSinks ? (float*)sinkQueries.Ensure(0) + ((row + done) * (long)(shape.HeadCount * shape.HeadDimension)) : null,
                };
                pieces++;
                done += count;
                operations += count * each;
                if (done == rows && operations < PieceOperations) continue;
                Flush();
            }

            row += rows;
        }

        if (pieces > 0) Flush();

        void Flush()
        {
            attention.Forward(team, store.Layout, new ReadOnlySpan<AttentionSequence>(step.Pieces, pieces), settings, query, projected, query, projected);
            (pieces, operations) = (0, 0);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Moves the wanted rows to the front; each moves down or stays.</summary>
    private void Gather(float* rows)
    {
        int size = shape.HiddenSize;
        for (int i = 0; i < step.Wanted; i++)
        {
            if (step.WantedNumbers[i] == i) continue;
            new ReadOnlySpan<float>(rows + ((long)step.WantedNumbers[i] * size), size).CopyTo(new Span<float>(rows + ((long)i * size), size));
        }
    }

    private static GateActivation FunctionOf(Activation activation) => activation switch
    {
        Activation.Silu => GateActivation.Silu,
        Activation.Gelu => GateActivation.Gelu,
        Activation.GeluTanh => GateActivation.GeluTanh,
        _ => GateActivation.Relu,
    };
}
