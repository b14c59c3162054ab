"""The models of suites/learning/models.ts in plain operations, as functions of one flat vector of parameters."""

import math

import torch
import torch.nn.functional as F

EPS = 1e-5


def rms(x, weight):
    return x * torch.rsqrt((x * x).mean(-1, keepdim=True) + EPS) * weight


def convolve(x, weight, bias):
    """Causal, a filter a channel, its last tap on the current token. x: (batch, length, channels)"""
    width = weight.shape[1]
    padded = F.pad(x.transpose(1, 2), (width - 1, 0))
    return F.conv1d(padded, weight[:, None], bias, groups=weight.shape[0]).transpose(1, 2)


def segments(a):
    """(..., q, q): sums of a over s < i <= t, -inf above the diagonal."""
    total = a.cumsum(-1)
    sums = total[..., :, None] - total[..., None, :]
    return sums.masked_fill(~torch.ones_like(sums, dtype=torch.bool).tril(), -math.inf)


def ssd(x, a, B, C, chunk=64):
    """arXiv 2405.21060, listing 1, one group. x: (b, l, h, p), a: log decays (b, l, h), B and C: (b, l, n)"""
    b, l, h, p = x.shape
    q = math.gcd(chunk, l)
    x, B, C = (t.reshape(b, l // q, q, *t.shape[2:]) for t in (x, B, C))
    a = a.reshape(b, l // q, q, h).permute(0, 3, 1, 2)
    total = a.cumsum(-1)
    # 1. within chunks
    scores = torch.einsum("bctn,bcsn->bcts", C, B)[:, None] * segments(a).exp()
    y = torch.einsum("bhcts,bcshp->bcthp", scores, x)
    # 2. states of chunks, 3. passed on
    toEnd = (total[..., -1:] - total).exp()
    states = torch.einsum("bcsn,bhcs,bcshp->bchpn", B, toEnd, x)
    between = segments(F.pad(total[..., -1], (1, 0))).exp()[..., :-1, 1:]
    before = torch.einsum("bhzc,bchpn->bzhpn", between, states)
    # 4. what comes of them
    y = y + torch.einsum("bctn,bchpn,bhct->bcthp", C, before, total.exp())
    return y.reshape(b, l, h, p)


def elu1(x):
    return F.elu(x) + 1


def mamba2(u, w, s):
    inner, heads, state = s["inner"], s["heads"], s["state"]
    z, xBC, dt = (rms(u, w["preNorm"]) @ w["inProj"].T).split([inner, inner + 2 * state, heads], -1)
    x, B, C = convolve(xBC, w["convWeight"], w["convBias"]).split([inner, state, state], -1)
    feature = elu1 if s["kind"] == "linear" else F.silu
    x = F.silu(x).reshape(*x.shape[:2], heads, -1)
    dt = F.softplus(dt + w["dtBias"])
    y = ssd(x * dt[..., None], -dt * w["ALog"].exp(), feature(B), feature(C)) + x * w["D"][:, None]
    y = rms(y.reshape(z.shape) * F.silu(z), w["normWeight"].reshape(-1))
    return u + y @ w["outProj"].T


CHUNK = 16


def scanned(a, b):
    """h_t = a_t h_(t-1) + b_t along axis 1, by doubling in chunks, then over their ends; in place. Length: whole chunks, or below one"""
    length = a.shape[1]
    if length > CHUNK:
        a, b = (t.reshape(t.shape[0], length // CHUNK, CHUNK, *t.shape[2:]) for t in (a, b))
        flat = lambda t: t.flatten(0, 1)
        doubled(flat(a), flat(b))
        ends = scanned(a[:, :, -1].clone(), b[:, :, -1].clone())
        b[:, 1:].add_(a[:, 1:] * ends[:, :-1, None])
        return b.flatten(1, 2)
    doubled(a, b)
    return b


def doubled(a, b):
    step = 1
    while step < a.shape[1]:
        b[:, step:].add_(a[:, step:] * b[:, :-step])
        a[:, step:].mul_(a[:, :-step].clone())
        step *= 2


class Scan(torch.autograd.Function):
    """Keeps decays and states; the adjoint is the same scan from the end."""

    @staticmethod
    def forward(ctx, a, b):
        h = scanned(a.clone(), b.clone())
        ctx.save_for_backward(a, h)
        return h

    @staticmethod
    def backward(ctx, dh):
        a, h = ctx.saved_tensors
        later = F.pad(a[:, 1:], (0, 0, 0, 0, 0, 1))
        db = scanned(later.flip(1), dh.flip(1)).flip(1)
        return db * F.pad(h[:, :-1], (0, 0, 0, 0, 1, 0)), db


def fastScan():
    """One loop over tokens where there is Triton, else by doubling."""
    try:
        from scan_triton import TritonScan
    except ImportError:
        return Scan.apply
    return lambda a, b: TritonScan.apply(a.contiguous(), b.contiguous())


def mamba1(u, w, s):
    inner, state = s["inner"], s["state"]
    x, z = (rms(u, w["preNorm"]) @ w["inProj"].T).split([inner, inner], -1)
    x = F.silu(convolve(x, w["convWeight"], w["convBias"]))
    dt, B, C = (x @ w["xProj"].T).split([s["rank"], state, state], -1)
    dt = F.softplus(dt @ w["dtProj"].T + w["dtBias"])
    decay = (dt[..., None] * -w["ALog"].exp()).exp()
    scan = fastScan() if u.is_cuda else Scan.apply
    h = scan(decay, (dt * x)[..., None] * B[:, :, None])
    y = torch.einsum("bldn,bln->bld", h, C) + x * w["D"]
    return u + (y * F.silu(z)) @ w["outProj"].T


def turned(x):
    """Rotary positions, pairs (i, i + half). x: (b, h, l, d)"""
    length, d = x.shape[-2:]
    half = d // 2
    rates = 10000.0 ** (-2 * torch.arange(half, dtype=torch.float64, device=x.device) / d)
    angles = torch.arange(length, dtype=torch.float64, device=x.device)[:, None] * rates
    cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    first, second, rest = x.split([half, half, d - 2 * half], -1)
    return torch.cat([first * cos - second * sin, first * sin + second * cos, rest], -1)


def attend(q, k, v):
    if hasattr(F, "scaled_dot_product_attention"):
        return F.scaled_dot_product_attention(q, k, v, is_causal=True)
    scores = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])
    hidden = ~torch.ones(scores.shape[-2:], dtype=torch.bool, device=q.device).tril()
    return scores.masked_fill(hidden, -math.inf).softmax(-1) @ v


def attention(u, w, s):
    heads, size = s["heads"], s["heads"] * s["headDim"]
    apart = lambda t: t.reshape(*t.shape[:2], heads, -1).transpose(1, 2)
    q, k, v = map(apart, (rms(u, w["preNorm"]) @ w["inProj"].T).split(size, -1))
    y = attend(turned(q), turned(k), v).transpose(1, 2).flatten(2)
    return u + y @ w["outProj"].T


KINDS = {"mamba2": mamba2, "linear": mamba2, "mamba1": mamba1, "attention": attention}


def logits(theta, layout, layers, tokens, places):
    """(batch, asked, vocabulary). layout: names and shapes of parameters as they lie in theta; places: of what is asked, (batch, asked)"""
    sizes = [math.prod(shape) for _, shape in layout]
    w = {name: part.view(shape) for (name, shape), part in zip(layout, theta.split(sizes))}
    x = F.embedding(tokens, w["embedding"])
    for i, s in enumerate(layers):
        own = f"layer {i} "
        x = KINDS[s["kind"]](x, {n[len(own):]: t for n, t in w.items() if n.startswith(own)}, s)
    x = x.gather(1, places[..., None].expand(-1, -1, x.shape[-1]))
    return rms(x, w["norm"]) @ w["embedding"].T


def loss(theta, layout, layers, tokens, places, answers):
    """Mean cross entropy, and how many answers were right."""
    out = logits(theta, layout, layers, tokens, places).flatten(0, 1)
    return F.cross_entropy(out, answers.flatten()), (out.argmax(-1) == answers.flatten()).sum()
