using static TorchSharp.torch;

namespace LongContext.Samples.Shared.Words;

/// <summary>
/// One thread for libtorch until disposed. A step of the word model's decoding is too little work to share: on a busy machine two threads wait for each other most of
/// the time.
/// </summary>
internal readonly struct OneThread : IDisposable
{
    private readonly int before;

    private OneThread(int before) => this.before = before;

    public static OneThread Use()
    {
        var threads = new OneThread(get_num_threads());
        set_num_threads(1);
        return threads;
    }

    public void Dispose() => set_num_threads(before);
}
