// Shape suffixes: T tokens, E hidden size, I inputs.
using LongContext.Tensors;
using static TorchSharp.torch;

namespace LongContext.Models.Quantization;

/// <summary>GPTQ over a model, layer by layer: what a layer's maps are given comes from the quantised layers before it.</summary>
internal sealed class GptqRun(CausalLanguageModel model, QuantizationOptions options, Action<QuantizedMatrix> report, CancellationToken cancellationToken)
{
    public void Run()
    {
        PackedInputs[] packs = [.. options.Calibration!.Select(pack => PackedInputs.Create(pack, model.Device))];
        using var states = new LayerStates(packs.Length, options.ScratchFolder);
        try
        {
            for (int i = 0; i < packs.Length; i++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                using Tensor x_TE = model.Embed(packs[i]);
                states.Put(i, x_TE);
            }

            for (int layer = 0; layer < model.Shape.LayerCount; layer++)
            {
                foreach (IReadOnlyList<Linear[]> together in Stages(layer, packs, states)) QuantizeTogether(layer, together, packs, states);
                if (layer + 1 == model.Shape.LayerCount) break;
                for (int i = 0; i < packs.Length; i++) Forward(layer, i, packs, states, keeps: true);
            }
        }
        finally
        {
            foreach (PackedInputs pack in packs) pack.Dispose();
        }
    }

    /// <summary>Maps that have the same inputs, in the order in which they are met; and which of those are measured in one pass.</summary>
    private IEnumerable<IReadOnlyList<Linear[]>> Stages(int layer, PackedInputs[] packs, LayerStates states)
    {
        var met = new List<(Tensor Inputs, List<Linear> Maps)>();
        Linear[] maps = [.. model.Parameters.Linears.Where(linear => linear.Name.StartsWith(DecoderTensors.LayerPrefix(layer), StringComparison.Ordinal))];
        Observe(maps, (linear, x_TI) =>
        {
            if (met.Count > 0 && ReferenceEquals(met[^1].Inputs, x_TI)) met[^1].Maps.Add(linear);
            else met.Add((x_TI, [linear]));
        }, () => Forward(layer, 0, packs, states, keeps: false));
        Linear[][] groups =
        [
            .. met.Select(group => group.Maps.Where(linear => options.Takes(linear.Weight.Name, linear.Weight.Shape)).ToArray()).Where(group => group.Length > 0),
        ];
        return options.Sequential ? groups.Select(group => (IReadOnlyList<Linear[]>)[group]) : [groups];
    }

    private void QuantizeTogether(int layer, IReadOnlyList<Linear[]> groups, PackedInputs[] packs, LayerStates states)
    {
        Tensor?[] hessians = new Tensor?[groups.Count];
        try
        {
            Linear[] first = [.. groups.Select(group => group[0])];
            Observe(first, (linear, x_TI) => Add(ref hessians[Array.IndexOf(first, linear)], x_TI), () =>
            {
                for (int i = 0; i < packs.Length; i++) Forward(layer, i, packs, states, keeps: false);
            });
            for (int i = 0; i < groups.Count; i++)
            {
                foreach (Linear linear in groups[i]) Quantize(linear.Weight, hessians[i]!);
                hessians[i]!.Dispose();
                hessians[i] = null;
            }
        }
        finally
        {
            foreach (Tensor? hessian in hessians) hessian?.Dispose();
        }
    }

    private void Quantize(Parameter parameter, Tensor hessian_II)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var scope = NewDisposeScope();
        Tensor plain = parameter.Value;
        QuantizationGrid grid = QuantizationGrids.Make(options, parameter.Name, parameter.Shape);
        byte[] codes = Gptq.Quantize(plain, hessian_II, grid, options.Damping, options.ActivationOrder, cancellationToken);
        QuantizedWeight chosen = grid.Build(codes, plain.device), rounded = Rounded(plain, parameter.Name);
        double error = QuantizationError.OfOutputs(plain, chosen, hessian_II), roundedError = QuantizationError.OfOutputs(plain, rounded, hessian_II);
        // GPTQ is greedy and may lose to rounding, where inputs hardly depend on each other: then the rounded ones are taken.
        if (roundedError < error) (chosen, rounded, error) = (rounded, chosen, roundedError);
        rounded.Codes.Dispose();
        rounded.Dispose();
        double weightError = QuantizationError.OfWeights(plain, chosen);
        parameter.Quantize(chosen);
        report(new QuantizedMatrix(parameter.Name, chosen.ByteCount, weightError, error, roundedError));
    }

    private QuantizedWeight Rounded(Tensor plain, string name)
    {
        using var scratch = new ScratchMemory();
        using Tensor host = plain.cpu().alias();
        return WeightQuantizer.Quantize(host, options, plain.device, name, scratch);
    }

    private void Forward(int layer, int pack, PackedInputs[] packs, LayerStates states, bool keeps)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var scope = NewDisposeScope();
        Tensor x_TE = model.RunLayer(layer, states.Get(pack, model.Device), packs[pack]);
        if (keeps) states.Put(pack, x_TE);
    }

    private static void Observe(IEnumerable<Linear> maps, Action<Linear, Tensor> observer, Action run)
    {
        Linear[] all = [.. maps];
        foreach (Linear linear in all) linear.Observer = observer;
        try
        {
            run();
        }
        finally
        {
            foreach (Linear linear in all) linear.Observer = null;
        }
    }

    /// <summary>H += 2XᵀX: the product in float32, or in the model's type where that is float64, and the sum in float64.</summary>
    private static void Add(ref Tensor? hessian_II, Tensor x_TI)
    {
        using var scope = NewDisposeScope();
        Tensor x = x_TI.dtype == ScalarType.Float64 ? x_TI : x_TI.to(ScalarType.Float32);
        Tensor product_II = x.t().matmul(x).to(ScalarType.Float64);
        hessian_II ??= zeros(product_II.shape, dtype: ScalarType.Float64, device: product_II.device).DetachFromDisposeScope();
        hessian_II.AddInPlace(product_II, 2);
    }
}
