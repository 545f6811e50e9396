using System.Runtime.InteropServices;

namespace LongContext.Cuda.Sampling;

/// <summary>As Kernels/Sampling/parameters.cuh has it.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct AdvanceParameters
{
    public nint Chosen;
    public nint Inputs;
    public nint Positions;
    public nint Lengths;
    public nint History;
    public nint Step;
    public Group First;
    public Group Second;
    public Group Third;
    public Group Fourth;
    public int Sequences;
    public int ChosenStride;
    public int HistorySteps;
    public int PageShift;

    /// <summary>As the kernel's AdvanceGroup.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Group
    {
        public nint Pages;
        public nint Slots;
        public int MaxPages;
        public int Reserved;
    }
}
