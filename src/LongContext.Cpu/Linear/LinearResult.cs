using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LongContext.Cpu.Linear;

/// <summary>Where results go, and what happens to a finished sum.</summary>
internal unsafe struct LinearResult
{
    /// <summary>[rows, outputs].</summary>
    public float* Y;

    /// <summary>Elements from a row to the next.</summary>
    public long Stride;

    /// <summary>[outputs], or null.</summary>
    public float* Bias;

    /// <summary>Whether to add to what Y holds.</summary>
    public bool Adds;

    /// <summary>A scale of each output, or null.</summary>
    public float* Scales;

    /// <summary>Writes sums [rows, 4] of the outputs from <paramref name="output"/>, as far as there are some.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Write(float* sums, int row, int rows, int output, int outputs)
    {
        float* y = Y + (row * Stride) + output;
        if (outputs - output >= 4)
        {
            Vector128<float> scale = Scales is null ? default : Vector128.Load(Scales + output);
            Vector128<float> bias = Bias is null ? default : Vector128.Load(Bias + output);
            for (int i = 0; i < rows; i++, y += Stride)
            {
                Vector128<float> value = Vector128.Load(sums + (i * 4));
                if (Scales is not null) value *= scale;
                if (Bias is not null) value += bias;
                if (Adds) value = Vector128.Load(y) + value;
                value.Store(y);
            }

            return;
        }

        for (int i = 0; i < rows; i++, y += Stride)
        {
            for (int j = 0; j < outputs - output; j++)
            {
                float value = sums[(i * 4) + j];
                if (Scales is not null) value *= Scales[output + j];
                if (Bias is not null) value += Bias[output + j];
                y[j] = Adds ? y[j] + value : value;
            }
        }
    }

    /// <summary>Writes sums [rows, width] of the outputs from <paramref name="output"/>, as far as there are some; a multiple of four each row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Write(float* sums, int width, int row, int rows, int output, int outputs)
    {
        float* four = stackalloc float[4 * RowPanel.Rows];
        for (int i = 0; i < width && output + i < outputs; i += 4)
        {
            for (int j = 0; j < rows; j++) Vector128.Load(sums + (j * width) + i).Store(four + (j * 4));
            Write(four, row, rows, output + i, outputs);
        }
    }
}
