"""Maps that a ControlNet goes by: canny edges, depth, line art, poses, read out of a reference picture.

What belongs here: reading a map. What does not: the ControlNets (see `loading`). Edges and line art are computed with
OpenCV; depth and poses are read by models of the registry (Depth Anything; RT-DETR and ViTPose), through transformers.
Colours and joints of poses follow OpenPose's drawing of COCO's 17 points with a neck, which pose ControlNets know.
"""

from __future__ import annotations

import colorsys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from forge_resources.errors import InvalidInput
from forge_resources.gpu.residence import ModelKey, Resident, resident
from forge_resources.imaging.diffusion.finishing import fit_source
from forge_resources.imaging.diffusion.loading import checked
from forge_resources.imaging.diffusion.memory import device
from forge_resources.imaging.diffusion.parameters import ControlUse
from forge_resources.imaging.diffusion.sizes import Size
from forge_resources.models.shelf import Installed, Shelf

_CANNY_LOW, _CANNY_HIGH = 100, 200
"""The thresholds with which the canny ControlNets were trained."""
_SURE = 0.3
"""Joints that are less certain are not drawn."""
_PERSON = "person"

# COCO's order of joints, and the neck as the eighteenth.
_LIMBS = (
    (17, 6), (17, 5), (6, 8), (8, 10), (5, 7), (7, 9), (17, 12), (12, 14), (14, 16), (17, 11), (11, 13), (13, 15),
    (17, 0), (0, 2), (2, 4), (0, 1), (1, 3),
)  # fmt: skip


def control_map(use: ControlUse, source: Path, size: Size, shelf: Shelf) -> Image.Image:
    """The map of a reference picture, as RGB of `size`. Raises InvalidInput where it shows nothing."""
    picture = fit_source(source, size)
    if use.prepared:
        return picture
    if use.control == "canny":
        return canny_edges(picture)
    if use.control == "lineart":
        return line_art(picture)
    if use.control == "depth":
        return depth_map(picture, shelf, use.annotators)
    return pose_map(picture, shelf, use.annotators)


def canny_edges(picture: Image.Image) -> Image.Image:
    """White edges on black."""
    import cv2

    grey = cv2.cvtColor(np.asarray(picture), cv2.COLOR_RGB2GRAY)
    return Image.fromarray(cv2.Canny(grey, _CANNY_LOW, _CANNY_HIGH)).convert("RGB")


def line_art(picture: Image.Image) -> Image.Image:
    """White lines on black: what is darker than its surroundings, spread over the whole range."""
    import cv2

    grey = cv2.cvtColor(np.asarray(picture), cv2.COLOR_RGB2GRAY).astype(np.float32)
    lines = np.clip(cv2.GaussianBlur(grey, (0, 0), 6.0) - grey, 0, None)
    strong = lines[lines > 8]
    scale = float(np.percentile(strong, 90)) if strong.size else 255.0
    return Image.fromarray(np.clip(lines / max(scale, 16.0) * 255, 0, 255).astype(np.uint8)).convert("RGB")


def depth_map(picture: Image.Image, shelf: Shelf, annotators: Mapping[str, str]) -> Image.Image:
    """Near is white."""
    import torch

    (name, weights) = next(iter(annotators.items()))
    processor, model = _annotator(checked(shelf, name, weights), "AutoModelForDepthEstimation")
    with torch.no_grad():
        found = model(**processor(images=picture, return_tensors="pt").to(model.device)).predicted_depth
    depth = found[0].float().cpu().numpy()
    near, far = float(depth.max()), float(depth.min())
    if near - far < 1e-6:
        raise InvalidInput("The reference picture has no depth that could be read.")
    grey = Image.fromarray(((depth - far) / (near - far) * 255).astype(np.uint8))
    return grey.resize(picture.size, Image.Resampling.BICUBIC).convert("RGB")


def pose_map(picture: Image.Image, shelf: Shelf, annotators: Mapping[str, str]) -> Image.Image:
    """The joints and limbs of every person, in colours, on black."""
    import torch

    (finder_name, finder_weights), (pose_name, pose_weights) = annotators.items()
    finder_processor, finder = _annotator(checked(shelf, finder_name, finder_weights), "AutoModelForObjectDetection")
    processor, model = _annotator(checked(shelf, pose_name, pose_weights), "VitPoseForPoseEstimation")
    with torch.no_grad():
        seen = finder(**finder_processor(images=picture, return_tensors="pt").to(finder.device))
        found = finder_processor.post_process_object_detection(
            seen, threshold=_SURE, target_sizes=[(picture.height, picture.width)]
        )[0]
        persons = [number for number, name in finder.config.id2label.items() if str(name).lower() == _PERSON]
        chosen = [label in persons for label in found["labels"].tolist()]
        boxes = found["boxes"][chosen].cpu().numpy()
        if not len(boxes):
            raise InvalidInput("Nobody is seen in the reference picture.", remedy="Take one that shows the person.")
        boxes[:, 2:] -= boxes[:, :2]
        inputs = processor(picture, boxes=[boxes], return_tensors="pt").to(model.device)
        joints = processor.post_process_pose_estimation(model(**inputs), boxes=[boxes])[0]
    return draw_poses([_with_neck(person) for person in joints], picture.size)


def draw_poses(people: list[npt.NDArray[np.float64]], size: Size) -> Image.Image:
    """People given as rows of x, y (pixels) and certainty for 17 joints and the neck."""
    drawn = Image.new("RGB", size)
    pen = ImageDraw.Draw(drawn)
    width = max(2, round(min(size) / 128))
    for person in people:
        for number, (one, other) in enumerate(_LIMBS):
            if min(person[one, 2], person[other, 2]) >= _SURE:
                ends = [tuple(person[one, :2]), tuple(person[other, :2])]
                pen.line(ends, fill=_colour(number, len(_LIMBS), 0.6), width=width)
        for number, (x, y, sure) in enumerate(person):
            if sure >= _SURE:
                box = (x - width, y - width, x + width, y + width)
                pen.ellipse(box, fill=_colour(number, len(person), 1.0))
    return drawn


def _with_neck(person: Mapping[str, Any]) -> npt.NDArray[np.float64]:
    joints = np.concatenate(
        [person["keypoints"].cpu().numpy(), person["scores"].cpu().numpy().reshape(-1, 1)], axis=1
    ).astype(np.float64)
    neck = joints[[5, 6]].mean(axis=0)
    neck[2] = joints[[5, 6], 2].min()
    return np.concatenate([joints, neck[None]])


def _colour(number: int, of: int, value: float) -> tuple[int, int, int]:
    red, green, blue = colorsys.hsv_to_rgb(number / of, 1.0, value)
    return round(red * 255), round(green * 255), round(blue * 255)


def _annotator(installed: Installed, kind: str) -> tuple[Any, Any]:
    """Processor and model, from memory or from files."""

    def load() -> Resident:
        import transformers

        folder = installed.folder
        model = getattr(transformers, kind).from_pretrained(folder, local_files_only=True, use_safetensors=True)
        processor = transformers.AutoImageProcessor.from_pretrained(folder, local_files_only=True)
        model.eval().to(device())
        size = sum(parameter.numel() * parameter.element_size() for parameter in model.parameters())
        return Resident((processor, model), size)

    key = ModelKey(model=installed.name, revision=installed.descriptor.weights)
    value: tuple[Any, Any] = resident(key, load, installed.descriptor.size).value
    return value
