using LongContext.Cuda.Pointwise;

namespace LongContext.Cuda.Linear;

/// <summary>Checks of a product's arguments. Messages name the argument.</summary>
internal static class LinearGuard
{
    public static void Check(in LinearArguments a)
    {
        if (a.Type is not (ElementType.BFloat16 or ElementType.Float16)) throw new NotSupportedException($"Type is {a.Type}; products of few rows are for BFloat16 and Float16.");
        ElementType output = a.OutputType ?? a.Type;
        if (output != a.Type && output != ElementType.Float32) throw new NotSupportedException($"OutputType is {output} beside {a.Type}; it must be the same or Float32.");
        if (a.Rows is < 0 or > LinearKernel.MostRows) throw new ArgumentOutOfRangeException(nameof(a), a.Rows, $"Rows must be 0 to {LinearKernel.MostRows}.");
        if (a.SoftCap is { } cap && !(cap > 0 && double.IsFinite(cap))) throw new ArgumentOutOfRangeException(nameof(a), cap, "SoftCap must be positive and finite, or null.");
        if (!double.IsFinite(a.Scale)) throw new ArgumentOutOfRangeException(nameof(a), a.Scale, "Scale must be finite.");
        if (a.Activation is { } activation && !Enum.IsDefined(activation)) throw new ArgumentOutOfRangeException(nameof(a), activation, "There is no such activation.");
        if (!a.First.Weight.Exists) LaunchGuard.Throw("First has no weight.", nameof(a.First));
        if (a.Third.Weight.Exists && !a.Second.Weight.Exists) LaunchGuard.Throw("There is a third matrix, but no second.", nameof(a.Third));
        if (a.Activation is not null)
        {
            if (a.Second.Weight.Outputs != a.First.Weight.Outputs) LaunchGuard.Throw($"Second has {a.Second.Weight.Outputs} outputs, but the gate {a.First.Weight.Outputs}.", nameof(a.Second));
            if (a.Third.Weight.Exists) LaunchGuard.Throw("A gated unit has two matrices; there is a third.", nameof(a.Third));
        }

        CheckWeight(a.First.Weight, a.First.Weight, "First");
        if (a.Second.Weight.Exists) CheckWeight(a.Second.Weight, a.First.Weight, "Second");
        if (a.Third.Weight.Exists) CheckWeight(a.Third.Weight, a.First.Weight, "Third");
    }

    public static void CheckAddresses(in LinearArguments a)
    {
        LaunchGuard.Tensor(a.X, a.Type, a.First.Weight.Inputs);
        CheckPart(a, a.First, "First", hasResult: true);
        if (a.Second.Weight.Exists) CheckPart(a, a.Second, "Second", hasResult: a.Activation is null);
        if (a.Third.Weight.Exists) CheckPart(a, a.Third, "Third", hasResult: true);
        if (!a.Residual.Exists) return;
        LaunchGuard.Tensor(a.Residual, a.Type, a.First.Weight.Outputs);
        if (a.OutputType is null || a.OutputType == a.Type)
            LaunchGuard.SameOrApart(a.First.Y, a.Residual, a.Type, a.Rows, a.First.Weight.Outputs, "First.Y");
        else
            Apart(a, a.First, a.Residual, a.First.Weight.Outputs, "First", "Residual");
    }

    private static void CheckWeight(in LinearWeight w, in LinearWeight first, string name)
    {
        if (!Enum.IsDefined(w.Format)) throw new ArgumentOutOfRangeException(name, w.Format, "There is no such format.");
        LaunchGuard.Positive(w.Outputs, name + ".Outputs");
        LaunchGuard.Positive(w.Inputs, name + ".Inputs");
        if (w.Format == LinearFormat.Int4) LaunchGuard.Positive(w.GroupSize, name + ".GroupSize");
        if (w.Format != first.Format || w.Inputs != first.Inputs || (w.Format == LinearFormat.Int4 && w.GroupSize != first.GroupSize))
        {
            LaunchGuard.Throw(
                $"{name} is {w.Format} of {w.Inputs} inputs in groups of {w.GroupSize}, First {first.Format} of {first.Inputs} in groups of {first.GroupSize}; matrices of a launch are alike.", name);
        }
    }

    private static void CheckPart(in LinearArguments a, in LinearPart part, string name, bool hasResult)
    {
        LinearWeight w = part.Weight;
        LaunchGuard.Address(w.Codes, w.Format == LinearFormat.Plain ? a.Type.Bytes() : 1, name + ".Codes");
        if (w.Format != LinearFormat.Plain) LaunchGuard.Address(w.Scales, w.Groups == 0 ? sizeof(float) : 1, name + ".Scales");
        if (w.Groups != 0)
        {
            LaunchGuard.Address(w.Groups, sizeof(float), name + ".Groups");
            LaunchGuard.Address(w.Table, sizeof(float), name + ".Table");
        }

        if (part.Bias != 0) LaunchGuard.Address(part.Bias, a.Type.Bytes(), name + ".Bias");
        if (!hasResult) return;
        LaunchGuard.Tensor(part.Y, a.OutputType ?? a.Type, w.Outputs, name + ".Y");
        Apart(a, part, a.X, w.Inputs, name, "X");
    }

    private static void Apart(in LinearArguments a, in LinearPart part, in RowTensor read, int columns, string name, string other)
    {
        int output = (a.OutputType ?? a.Type).Bytes(), input = a.Type.Bytes();
        long end = part.Y.Address + ((((a.Rows - 1) * part.Y.Stride) + part.Weight.Outputs) * output), readEnd = read.Address + ((((a.Rows - 1) * read.Stride) + columns) * input);
        if (part.Y.Stride * output == read.Stride * input)
        {
            // Slices of one wider tensor lie between each other.
            long stride = read.Stride * input, offset = (((part.Y.Address - read.Address) % stride) + stride) % stride;
            if (offset >= columns * input && offset + (part.Weight.Outputs * output) <= stride) return;
        }

        if (part.Y.Address < readEnd && read.Address < end) LaunchGuard.Throw($"{name}.Y overlaps {other}, which other blocks still read.", name);
    }
}
